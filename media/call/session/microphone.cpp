#include "call/session/microphone.hpp"

namespace sotto::call {

Microphone::Microphone(std::unique_ptr<device::AudioSource> source,
                       std::unique_ptr<codec::AudioEncoder> encoder, std::uint32_t timestamp_offset,
                       device::TimingLog* log)
    : source_(std::move(source)), log_(log), sender_(std::move(encoder), timestamp_offset) {}

Microphone::~Microphone() { source_->stop(); }

Status Microphone::start(PacketCallback on_packet, device::ProblemCallback on_problem) {
  on_packet_ = std::move(on_packet);
  on_problem_ = std::move(on_problem);
  return source_->start([this](const media::AudioBlock& block) { on_block(block); }, on_problem_);
}

void Microphone::on_block(const media::AudioBlock& captured) {
  if (failed_) return;
  if (const double loss = expected_loss_.load(std::memory_order_relaxed); loss != loss_in_use_) {
    sender_.set_expected_loss(loss);
    loss_in_use_ = loss;
  }
  media::AudioBlock block = captured;
  auto packet = sender_.handle_block(block);
  if (log_ != nullptr) log_->add(block.captured, block.rtp_timestamp);
  level_.store(sender_.level(), std::memory_order_relaxed);
  if (!packet) {
    failed_ = true;
    on_problem_(packet.error());
  } else if (*packet) {
    on_packet_(**std::move(packet));
  }
}

}  // namespace sotto::call
