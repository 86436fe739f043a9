// Vectors of the ratchet tree: operations, hashes, resolutions, parent hashes.
#include "mls/ratchet_tree.hpp"
#include "unit/mls/vector_file.hpp"

namespace sotto::mls {
namespace {

RatchetTree tree_of(const Suite& suite, const Json& value) {
  const auto nodes = wire::decode<RatchetTreeNodes>(bytes_of(value));
  EXPECT_TRUE(nodes);
  auto tree = RatchetTree::from_nodes(suite, *nodes);
  EXPECT_TRUE(tree) << tree.error().message;
  return *std::move(tree);
}

TEST(TreeOperationsVectors, add_update_and_remove_give_the_published_trees) {
  SOTTO_LOAD_VECTORS(cases, "tree-operations.json");
  for (const Json& test_case : cases) {
    const Suite suite = *Suite::of(static_cast<CipherSuite>(test_case.at("cipher_suite").get<int>()));
    RatchetTree tree = tree_of(suite, test_case.at("tree_before"));
    EXPECT_EQ(to_hex(tree.root_hash()), test_case.at("tree_hash_before").get<std::string>());
    const auto proposal = wire::decode<Proposal>(bytes_of(test_case.at("proposal")));
    ASSERT_TRUE(proposal);
    if (const auto* add = proposal->get<Add>()) tree.add(add->key_package.leaf_node);
    if (const auto* update = proposal->get<Update>()) {
      tree.update({test_case.at("proposal_sender").get<std::uint32_t>()}, update->leaf_node);
    }
    if (const auto* remove = proposal->get<Remove>()) tree.remove(remove->removed);
    EXPECT_EQ(to_hex(wire::encode(tree.to_nodes())), test_case.at("tree_after").get<std::string>());
    EXPECT_EQ(to_hex(tree.root_hash()), test_case.at("tree_hash_after").get<std::string>());
  }
  print_counts("tree-operations.json", cases.size(), 0);
}

TEST(TreeValidationVectors, resolutions_hashes_parent_hashes_and_signatures_hold) {
  SOTTO_LOAD_VECTORS(cases, "tree-validation.json");
  std::size_t skipped = 0;
  for (const Json& test_case : cases) {
    if (!is_supported_suite(test_case)) {
      ++skipped;
      continue;
    }
    const Suite suite = *Suite::of(static_cast<CipherSuite>(test_case.at("cipher_suite").get<int>()));
    const RatchetTree tree = tree_of(suite, test_case.at("tree"));
    const Json& hashes = test_case.at("tree_hashes");
    const Json& resolutions = test_case.at("resolutions");
    ASSERT_EQ(node_count(tree.leaf_count()), hashes.size());
    for (std::uint32_t i = 0; i < hashes.size(); ++i) {
      EXPECT_EQ(to_hex(tree.tree_hash({i})), hashes[i].get<std::string>());
      std::vector<std::uint32_t> resolution;
      for (const NodeIndex node : tree.resolution({i})) resolution.push_back(node.value);
      EXPECT_EQ(resolution, resolutions[i].get<std::vector<std::uint32_t>>());
    }
    EXPECT_TRUE(tree.parent_hashes_are_valid());
    const Bytes group_id = bytes_of(test_case.at("group_id"));
    tree.each_member([&](LeafIndex index, const LeafNode& leaf) {
      EXPECT_TRUE(suite.verify_with_label(leaf.signature_key, "LeafNodeTBS",
                                          leaf.to_be_signed(group_id, index), leaf.signature));
      return true;
    });
  }
  print_counts("tree-validation.json", cases.size() - skipped, skipped);
  ASSERT_LT(skipped, cases.size());
}

}  // namespace
}  // namespace sotto::mls
