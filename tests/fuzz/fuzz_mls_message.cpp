// Messages into a living group. First byte: how the message comes to be.
//   0  any bytes
//   1  a genuine message, edited on the wire
//   2  a genuine content, edited, then signed, tagged and encrypted by an insider
//   3  a commit of any proposals by an insider, leaf and path changed, everything after that as it must be
//   4  the same from a newcomer outside
// Refused: the receiver is as it was, to the bit. Accepted: another member who accepts it too gets the same
// epoch, a newcomer accepts the tree, messages pass between the members, and a second delivery changes
// nothing.
#include <cstdlib>

#include "fuzz/mls_mutations.hpp"
#include "support/mls_insider/fingerprint.hpp"
#include "support/mls_insider/forge.hpp"

namespace {

using namespace sotto;
using namespace sotto::mls;
using namespace sotto::mls::insider;
using fuzzing::demand;

// Members by leaf: 0 witness, 1 victim, 2 insider, 3 gone, 4 bystander. Proposals of three kinds of sender
// wait in everybody's list, and one epoch is over that messages still come from.
struct World {
  Cast cast;
  crypto::SigningKey outside_key;
  std::vector<Group> members;
  std::optional<Group> witness, victim, busy_victim, insider;
  std::optional<OwnKeyPackage> joiner;
  std::optional<GroupInfo> info;
  std::vector<MlsMessage> samples;
  std::vector<AuthenticatedContent> contents;
  std::vector<PlannedProposal> pending;
  fuzzing::Known known;

  World() : outside_key(crypto::SigningKey::generate(crypto::SignatureAlgorithm::ed25519, cast.random)) {
    cast.psks.give("one", as_bytes("a secret that all share"));
    cast.capabilities.extensions = {static_cast<ExtensionType>(0xFF01)};
    cast.capabilities.proposals = {static_cast<ProposalType>(0x0A01)};
    const ExtensionList extensions{to_extension(std::vector{ExternalSender{
                                       outside_key.public_key(), Credential::basic(as_bytes("server"))}}),
                                   {static_cast<ExtensionType>(0xFF01), to_bytes(std::string_view("x"))}};
    members = cast.warm_group_of(5, extensions);
    Remove remove{LeafIndex{3}};
    const MlsMessage late = *members[2].protect(as_bytes("late"), as_bytes("aad"), cast.env());
    cast.commit(members, 4, {.by_value = {Proposal{remove}}});
    samples.push_back(late);

    joiner = cast.package("joiner");
    const GroupContext context = members[0].context();
    const MlsMessage by_server =
        *propose_externally(context, 0, outside_key, Proposal{Add{cast.package("guest").package}});
    const MlsMessage by_joiner = *propose_own_add(context, *joiner);
    for (const MlsMessage* message : {&by_server, &by_joiner}) {
      for (Group& member : members) demand(member.receive(*message, cast.env()).ok());
      note(*message);
    }
    for (const std::size_t i : {std::size_t{1}, std::size_t{2}, std::size_t{3}}) {
      const MlsMessage update = *members[i].propose_update(cast.env());
      cast.deliver(members, i, update);
      note(update);
    }
    witness = members[0].copy();
    victim = members[1].copy();
    insider = members[2].copy();
    busy_victim = victim->copy();
    samples.push_back((*busy_victim->commit({}, cast.env())).commit);
    info = *witness->group_info(true, true);

    known.take(witness->ratchet_tree());
    known.packages = {joiner->package, cast.package("another").package, cast.package("member-0#2").package};
    make_samples();
  }

  void note(const MlsMessage& message) {
    samples.push_back(message);
    const PublicMessage& body = *message.get<PublicMessage>();
    contents.push_back({WireFormat::public_message, body.content, body.auth});
    const auto& proposal = std::get<Proposal>(body.content.body);
    const ProposalRef ref = reference_of(*Suite::of(cast.suite()), body);
    pending.push_back({proposal, body.content.sender, ref});
    known.refs.push_back(ref);
  }

  void add_forged(CommitPlan plan) {
    Forged forged = forge_commit(*insider, cast, std::move(plan));
    samples.push_back(forged.message);
    contents.push_back(std::move(forged.content));
  }

  void make_samples() {
    const Insider inside(*insider, cast);
    samples.push_back(inside.application(as_bytes("hello"), {}));
    samples.push_back(inside.application(as_bytes("far ahead"), {.generation = 17, .padding = Bytes(9, 0)}));
    for (const Proposal& proposal :
         {Proposal{Remove{LeafIndex{4}}}, psk("one"), psk("unknown"), Proposal{GroupContextExtensions{}},
          Proposal{CustomProposal{static_cast<ProposalType>(0x0A01), {1, 2}}}}) {
      samples.push_back(inside.proposal(proposal));
      samples.push_back(inside.proposal(proposal, WireFormat::private_message));
      contents.push_back(inside.content(proposal, WireFormat::public_message));
    }
    add_forged({});
    add_forged({.proposals = {{Proposal{Add{known.packages[1]}}, {}, {}}}, .path = false});
    add_forged({.proposals = pending_of({0, 2}), .format = WireFormat::private_message});
    add_forged({.proposals = {{Proposal{Remove{LeafIndex{1}}}, {}, {}}}});
    add_forged({.proposals = {{Proposal{ReInit{{7}, ProtocolVersion::mls10, cast.suite(), {}}}, {}, {}}},
                .path = false});
    ClientIdentity outsider = cast.identity("outsider");
    Forged external = forge_external_commit(*info, witness->ratchet_tree(), outsider, cast, {});
    samples.push_back(external.message);
    samples.push_back(
        *propose_externally(witness->context(), 0, outside_key, Proposal{Remove{LeafIndex{1}}}));
    samples.push_back({*info});
    samples.push_back({joiner->package});
  }

  std::vector<PlannedProposal> pending_of(const std::vector<std::size_t>& which) const {
    std::vector<PlannedProposal> out;
    for (const std::size_t i : which) out.push_back(pending[i]);
    return out;
  }

  Proposal psk(std::string_view id) {
    PreSharedKeyId psk;
    psk.psk_id = to_bytes(id);
    psk.psk_nonce = Bytes(32, 9);
    return {Psk{std::move(psk)}};
  }
};

std::optional<MlsMessage> decoded(ByteView bytes) {
  auto message = MlsMessage::decode(bytes);
  return message ? std::optional(*std::move(message)) : std::nullopt;
}

std::optional<MlsMessage> edited_content(World& world, fuzzing::Input& in) {
  const AuthenticatedContent& genuine = world.contents[in.below(world.contents.size())];
  const WireFormat format = in.flag() ? WireFormat::public_message : WireFormat::private_message;
  const bool own_name = in.flag();
  AuthenticatedContent content = genuine;
  content.wire_format = format;
  if (own_name || format == WireFormat::private_message) content.content.sender = Sender::member({2});
  const ContentType type = genuine.content.content_type();
  wire::Writer body;
  genuine.content.write_body(body);
  const Bytes changed = fuzzing::edited(body.view(), in);
  wire::Reader reader(changed);
  content.content.body = FramedContent::read_body(reader, type);
  if (!reader.finish()) return std::nullopt;
  const Insider inside(*world.insider, world.cast);
  if (content.content.sender.type == SenderType::external) {
    sign_content(inside.impl().suite, world.outside_key, inside.impl().epoch.context, content);
  } else {
    inside.sign(content);
  }
  return inside.frame(content);
}

void plan_from(World& world, fuzzing::Input& in, CommitPlan& plan) {
  const std::uint8_t flags = in.u8();
  plan.path = (flags & 1) == 0;
  for (std::size_t left = in.below(6); left > 0; --left) {
    if (in.flag()) {
      plan.proposals.push_back(world.pending[in.below(world.pending.size())]);
    } else {
      plan.proposals.push_back({fuzzing::make_proposal(in, world.known, 5), {}, {}});
    }
  }
  if ((flags & 4) != 0) plan.exclude_added = false;
  // The hooks run while the commit is made, and take their share of the input then.
  if ((flags & 8) != 0) plan.on_leaf = [&](LeafNode& leaf) { fuzzing::change(leaf, in, world.known); };
  if ((flags & 16) != 0)
    plan.on_signed_leaf = [&](LeafNode& leaf) { fuzzing::change(leaf, in, world.known); };
  if ((flags & 32) != 0) plan.on_path = [&](UpdatePath& path) { fuzzing::change(path, in, world.known); };
  if ((flags & 64) != 0) {
    plan.on_signed = [&](AuthenticatedContent& content) {
      fuzzing::change_bytes(content.auth.confirmation_tag, in, world.known);
    };
  }
}

std::optional<MlsMessage> message_from(World& world, fuzzing::Input& in) {
  switch (in.u8() % 5) {
    case 0: return decoded(in.rest());
    case 1: {
      const Bytes genuine = world.samples[in.below(world.samples.size())].encode();
      return decoded(fuzzing::edited(genuine, in));
    }
    case 2: return edited_content(world, in);
    case 3: {
      CommitPlan plan;
      if (in.flag()) plan.format = WireFormat::private_message;
      plan_from(world, in, plan);
      return forge_commit(*world.insider, world.cast, std::move(plan)).message;
    }
    default: {
      ExternalPlan plan;
      const std::uint8_t flags = in.u8();
      if ((flags & 1) != 0) plan.external_inits = static_cast<int>(in.below(3));
      if ((flags & 2) != 0) plan.kem_output = to_bytes(in.take(32));
      plan_from(world, in, plan);
      plan.path = plan.path || (flags & 4) == 0;
      ClientIdentity outsider = world.cast.identity((flags & 8) != 0 ? "member-4#2" : "outsider");
      return forge_external_commit(*world.info, world.witness->ratchet_tree(), outsider, world.cast,
                                   std::move(plan))
          .message;
    }
  }
}

// The group goes on: it is well formed for a newcomer, and its members hear each other.
void check_successor(World& world, Group& group, Group* other) {
  Environment env = world.cast.env();
  if (!group.is_active()) return;
  const auto info = group.group_info(true, true);
  demand(info.ok());
  ClientIdentity newcomer = world.cast.identity("a newcomer");
  newcomer.capabilities.credentials.push_back(static_cast<CredentialType>(7));
  auto joined =
      Group::join_externally(*info, nullptr, std::move(newcomer), false, {}, world.cast.config, env);
  if (!joined) {
    // The only good reason is a group that asks for more than the newcomer can.
    demand(joined.refusal().error.message.find("support") != std::string::npos ||
           joined.refusal().error.message.find("capabilities") != std::string::npos ||
           joined.refusal().error.message.find("credentials") != std::string::npos);
  }
  if (other == nullptr || !other->is_active()) return;
  demand(equal(group.epoch_authenticator(), other->epoch_authenticator()));
  const auto sent = group.protect(as_bytes("still here"), {}, env);
  demand(sent.ok());
  const auto heard = other->receive(*sent, env);
  demand(heard.ok() && heard->get<ApplicationMessage>() != nullptr);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static World world;
  world.cast.random = SeededRandom(7);
  fuzzing::Input in(ByteView(data, size));
  const bool busy = in.flag();
  const auto message = message_from(world, in);
  if (!message) return 0;
  Environment env = world.cast.env();

  Group victim = busy ? world.busy_victim->copy() : world.victim->copy();
  const Bytes before = fingerprint(victim);
  auto received = victim.receive(*message, env);
  if (!received) {
    demand(!received.refusal().error.message.empty());
    demand(fingerprint(victim) == before);
    return 0;
  }
  const Bytes after = fingerprint(victim);
  if (received->get<OwnCommit>() != nullptr) demand(after == before);
  if (auto* staged = received->get<StagedCommit>()) {
    if (message->get<PublicMessage>() != nullptr) demand(after == before);
    Group witness = world.witness->copy();
    auto seen = witness.receive(*message, env);
    const bool together = seen.ok() && seen->get<StagedCommit>() != nullptr;
    if (together) demand(witness.merge(std::move(*seen->get<StagedCommit>())).ok());
    demand(victim.merge(std::move(*staged)).ok());
    check_successor(world, victim, together ? &witness : nullptr);
  }
  // Again: nothing more happens.
  const Bytes settled = fingerprint(victim);
  auto again = victim.receive(*message, env);
  if (again) demand(again->get<OwnCommit>() != nullptr || again->get<StagedCommit>() != nullptr);
  if (!again) demand(fingerprint(victim) == settled);
  return 0;
}
