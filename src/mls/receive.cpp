// Group::receive: from a message on the wire to something authenticated.
#include <algorithm>

#include "epoch.hpp"
#include "process_commit.hpp"
#include "proposals.hpp"

namespace sotto::mls {
namespace {

using Impl = GroupAccess::Impl;

// The key that must have signed, and for a member the leaf it comes from.
Result<Bytes> signer_key(const RatchetTree& tree, const GroupContext& context,
                         const AuthenticatedContent& message) {
  const Sender& sender = message.content.sender;
  switch (sender.type) {
    case SenderType::member: {
      const LeafNode* leaf = tree.leaf(sender.leaf);
      if (leaf == nullptr) return fail(ErrorCode::untrusted, "The sender is not a member.");
      return leaf->signature_key;
    }
    case SenderType::external: {
      if (!std::holds_alternative<Proposal>(message.content.body)) {
        return fail(ErrorCode::untrusted, "An external sender may only propose.");
      }
      const Extension* extension = find_extension(context.extensions, ExtensionType::external_senders);
      if (extension == nullptr) return fail(ErrorCode::untrusted, "The group takes nothing from outside.");
      auto senders = external_senders_from(*extension);
      if (!senders) return senders.error();
      if (sender.index >= senders->size())
        return fail(ErrorCode::untrusted, "The external sender is unknown.");
      return (*senders)[sender.index].signature_key;
    }
    case SenderType::new_member_proposal: {
      const auto* proposal = std::get_if<Proposal>(&message.content.body);
      const auto* add = proposal == nullptr ? nullptr : proposal->get<Add>();
      if (add == nullptr) return fail(ErrorCode::untrusted, "A new member may only ask to be added.");
      return add->key_package.leaf_node.signature_key;
    }
    case SenderType::new_member_commit: {
      const auto* commit = std::get_if<Commit>(&message.content.body);
      if (commit == nullptr || !commit->path) {
        return fail(ErrorCode::untrusted, "An external commit needs an update path.");
      }
      return commit->path->leaf_node.signature_key;
    }
  }
  return fail(ErrorCode::untrusted, "The sender type is unknown.");
}

Status check_signature(const Suite& suite, ByteView key, const GroupContext& context,
                       const AuthenticatedContent& message) {
  if (!signature_is_valid(suite, key, context, message)) {
    return fail(ErrorCode::untrusted, "The signature of the message does not verify.");
  }
  return ok_status();
}

struct Opened {
  AuthenticatedContent content;
  SenderData sender;
  const LeafNode* leaf;  // the sender's, in the message's epoch
  SecretTree::Step step;
};

// Decrypts and authenticates with one epoch's keys. The key is spent by the caller, who accepts the step.
// `leaf_of_epoch`: a member's leaf in that epoch, or null.
template <class LeafOfEpoch>
Outcome<Opened> open_with(const Suite& suite, const GroupConfig& config, LeafIndex own,
                          ByteView sender_data_secret, const SecretTree& messages,
                          LeafOfEpoch&& leaf_of_epoch, const GroupContext& context,
                          const PrivateMessage& message) {
  const auto sender = open_sender_data(suite, sender_data_secret, message);
  if (!sender) return reject(sender.error());
  if (sender->leaf == own) return ignore("The message is this member's own.");
  const LeafNode* leaf = leaf_of_epoch(sender->leaf);
  if (leaf == nullptr) return reject("The sender is not a member.");
  auto step = messages.receive(sender->leaf, ratchet_of(message.content_type), sender->generation,
                               config.max_generation_skip);
  if (!step) {
    if (step.error().code == ErrorCode::not_found)
      return Refusal{RefusalKind::ignore, std::move(step).error()};
    return reject(std::move(step).error());
  }
  auto content = open_private(suite, *sender, step->keys, message);
  if (!content) return reject(std::move(content).error());
  if (Status valid = check_signature(suite, leaf->signature_key, context, *content); !valid) {
    return reject(std::move(valid).error());
  }
  return Opened{*std::move(content), *sender, leaf, *std::move(step)};
}

ApplicationMessage to_application(AuthenticatedContent content, const SenderData& sender,
                                  const LeafNode& leaf) {
  ApplicationMessage out;
  out.sender = sender.leaf;
  out.credential = leaf.credential;
  out.epoch = content.content.epoch;
  out.generation = sender.generation;
  out.authenticated_data = std::move(content.content.authenticated_data);
  out.data = std::get<Bytes>(std::move(content.content.body));
  return out;
}

Outcome<Received> receive_late(Impl& group, const PrivateMessage& message) {
  const auto past = std::ranges::find(group.past, message.epoch,
                                      [](const PastEpoch& epoch) { return epoch.context.epoch; });
  if (past == group.past.end() || message.content_type != ContentType::application) {
    return ignore("The message is of an epoch that is over.");
  }
  const auto index = static_cast<std::size_t>(past - group.past.begin());
  auto opened = open_with(
      group.suite, group.config, group.epoch.keys.own(), past->sender_data_secret.view(), past->messages,
      [&](LeafIndex leaf) { return group.past_leaf(index, leaf); }, past->context, message);
  if (!opened) return std::move(opened).refusal();
  past->messages.accept(std::move(opened->step), group.config.max_skipped_keys);
  return Received{to_application(std::move(opened->content), opened->sender, *opened->leaf)};
}

// `spend`: called once a proposal is taken, never before. A commit's key is not spent: the commit counts once
// it is merged, and then the handshake keys of its epoch are of no use any more. Until then it can be opened
// again, as after a restart between receiving and merging.
template <class Spend>
Outcome<Received> take_handshake(Impl& group, AuthenticatedContent content, const Environment& env,
                                 Spend&& spend) {
  if (const auto* proposal = std::get_if<Proposal>(&content.content.body)) {
    const ListContext where{group.suite,
                            group.config,
                            group.epoch.context,
                            group.epoch.tree,
                            env,
                            content.content.sender,
                            false,
                            ResumptionPskUsage::application};
    ProposalRef ref = group.suite.proposal_ref(content);
    const bool known =
        std::ranges::any_of(group.proposals, [&](const auto& entry) { return entry.first == ref; });
    if (known) return ignore("The proposal is known already.");
    if (Status valid = check_proposal(where, *proposal, content.content.sender); !valid) {
      return reject(std::move(valid).error());
    }
    if (group.proposals.size() >= group.config.max_pending_proposals) {
      return reject(fail(ErrorCode::rate_limited, "Too many proposals wait for a commit."));
    }
    spend();
    group.proposals.emplace_back(
        ref, PendingProposal{*proposal, content.content.sender, group.epoch.context.epoch});
    return Received{ReceivedProposal{std::move(ref), *proposal, content.content.sender}};
  }
  auto staged = process_commit(group, content, env);
  if (!staged) return std::move(staged).refusal();
  return Received{*std::move(staged)};
}

}  // namespace

Outcome<Received> Group::receive(const MlsMessage& message, const Environment& env) {
  if (!is_active()) return reject("The group is not active any more.");
  const auto* open_message = message.get<PublicMessage>();
  const auto* sealed = message.get<PrivateMessage>();
  if (open_message == nullptr && sealed == nullptr) return reject("The message is not for a group.");
  const Bytes& group_id = sealed != nullptr ? sealed->group_id : open_message->content.group_id;
  const Epoch epoch = sealed != nullptr ? sealed->epoch : open_message->content.epoch;
  if (group_id != context().group_id) return reject("The message is of another group.");
  if (sealed != nullptr &&
      sealed->ciphertext.size() + sealed->authenticated_data.size() > impl_->config.max_message_bytes) {
    return reject(fail(ErrorCode::too_large, "The message is larger than this group takes."));
  }
  if (impl_->pending && impl_->suite.hash(message.encode()) == impl_->pending->hash)
    return Received{OwnCommit{}};
  if (epoch < this->epoch()) {
    if (sealed != nullptr) return receive_late(*impl_, *sealed);
    return ignore("The message is of an epoch that is over.");
  }
  if (epoch > this->epoch()) return ignore("The message is of an epoch that is yet to come.");

  EpochState& now = impl_->epoch;
  if (sealed != nullptr) {
    auto opened = open_with(
        impl_->suite, impl_->config, own_leaf(), now.secrets.sender_data_secret.view(), now.messages,
        [&](LeafIndex leaf) { return now.tree.leaf(leaf); }, now.context, *sealed);
    if (!opened) return std::move(opened).refusal();
    if (sealed->content_type == ContentType::application) {
      now.messages.accept(std::move(opened->step), impl_->config.max_skipped_keys);
      return Received{to_application(std::move(opened->content), opened->sender, *opened->leaf)};
    }
    return take_handshake(*impl_, std::move(opened->content), env, [&] {
      now.messages.accept(std::move(opened->step), impl_->config.max_skipped_keys);
    });
  }

  if (impl_->config.encrypt_handshake && open_message->content.sender.type == SenderType::member) {
    return reject("Members of this group send their handshakes encrypted.");
  }
  auto content = open_public(impl_->suite, now.secrets.membership_key.view(), now.context, *open_message);
  if (!content) return reject(std::move(content).error());
  if (content->content.sender == Sender::member(own_leaf()))
    return ignore("The message is this member's own.");
  const auto key = signer_key(now.tree, now.context, *content);
  if (!key) return reject(key.error());
  if (Status valid = check_signature(impl_->suite, *key, now.context, *content); !valid) {
    return reject(std::move(valid).error());
  }
  return take_handshake(*impl_, *std::move(content), env, [] {});
}

}  // namespace sotto::mls
