// Devices without hardware: none (all kinds), tone:HZ and file:PATH.wav microphones, file:PATH.wav speakers,
// file:PATH.y4m video sinks. The sinks write the sidecar PATH.log (docs/rpc.md). Paced in real time.
#pragma once

#include <memory>

#include "sotto/device/factory.hpp"

namespace sotto::device_file {

std::unique_ptr<device::Backend> make_backend();

}  // namespace sotto::device_file
