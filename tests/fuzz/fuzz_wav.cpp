// A sound file chosen as microphone: any bytes at all.
#include <cstdint>
#include <cstdlib>

#include "device/file/resample.hpp"
#include "device/file/wav.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto wav = sotto::device_file::parse_wav({data, size});
  if (!wav) return 0;
  if (wav->samples.empty() || wav->rate < 4000 || wav->rate > 192000) std::abort();
  // Odd rates make large kernels: not what is looked for here.
  if (wav->samples.size() < 2000 && wav->rate % 1000 == 0) {
    if (sotto::device_file::resample_loop(wav->samples, wav->rate, 48000).empty()) std::abort();
  }
  return 0;
}
