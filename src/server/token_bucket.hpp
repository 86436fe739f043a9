// Rate limits: a bucket of tokens that refills steadily, and many of them under keys.
#pragma once

#include <algorithm>
#include <string>
#include <unordered_map>

#include "limits.hpp"

namespace sotto::server {

class TokenBucket {
 public:
  // Zero: taken. Otherwise how long until one is there.
  Duration take(const Rate& rate, TimePoint now) {
    const double each = static_cast<double>(rate.each.count());
    if (fresh_) {
      fresh_ = false;
      used_ = 0;
    } else {
      used_ = std::max(0.0, used_ - static_cast<double>((now - last_).count()) / each);
    }
    last_ = now;
    if (used_ + 1 <= rate.burst) {
      used_ += 1;
      return Duration::zero();
    }
    return Duration(static_cast<Duration::rep>((used_ + 1 - rate.burst) * each) + 1);
  }
  bool is_full(const Rate& rate, TimePoint now) const {
    return fresh_ || now - last_ >=
                         Duration(static_cast<Duration::rep>(used_ * static_cast<double>(rate.each.count())));
  }

 private:
  double used_ = 0;  // tokens missing
  TimePoint last_{};
  bool fresh_ = true;
};

template <class Key>
class Buckets {
 public:
  explicit Buckets(Rate rate) : rate_(rate) {}

  Duration take(const Key& key, TimePoint now) {
    if (buckets_.size() >= kMaxBuckets && !buckets_.contains(key)) {
      forget_full(now);
      // Still too many: an attack from very many addresses. Everyone shares what is left.
      if (buckets_.size() >= kMaxBuckets) return overflow_.take(rate_, now);
    }
    return buckets_[key].take(rate_, now);
  }
  // A full bucket is as good as none.
  void forget_full(TimePoint now) {
    std::erase_if(buckets_, [&](const auto& entry) { return entry.second.is_full(rate_, now); });
  }
  std::size_t size() const { return buckets_.size(); }

 private:
  Rate rate_;
  std::unordered_map<Key, TokenBucket> buckets_;
  TokenBucket overflow_;
};

}  // namespace sotto::server
