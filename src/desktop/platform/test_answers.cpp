#include "desktop/platform/test_answers.hpp"

#include <nlohmann/json.hpp>

namespace sotto::desktop {
namespace {

using Json = nlohmann::json;

Json video_answer(const call::VideoStats& v) {
  return {{"codec", v.codec},
          {"bitrate", v.bitrate},
          {"width", v.width},
          {"height", v.height},
          {"fps", v.fps},
          {"frames", v.frames},
          {"dropped", v.dropped},
          {"freezes", v.freezes},
          {"qp", v.qp},
          {"encode_ms", v.encode_ms},
          {"decode_ms", v.decode_ms},
          {"buffer_ms", v.jitter_buffer_ms}};
}

Json audio_answer(const call::AudioStats& a) {
  return {{"codec", a.codec},
          {"bitrate", a.bitrate},
          {"buffer_ms", a.jitter_buffer_ms},
          {"concealed_ms", a.concealed_ms}};
}

}  // namespace

std::string call_answer(const Model& model) {
  if (!model.call) return R"({"call":null})";
  const call::CallStats& s = model.call_stats;
  const Json call{{"state", client::to_string(model.call->state)},
                  {"security_code", model.call->security_code},
                  {"seconds", model.call->active_s},
                  {"path", s.path},
                  {"cipher", s.cipher},
                  {"rtt_ms", s.rtt_ms},
                  {"jitter_ms", s.jitter_ms},
                  {"loss_in", s.loss_in},
                  {"loss_out", s.loss_out},
                  {"rejected_packets", s.rejected_packets},
                  {"video_in", video_answer(s.video_in)},
                  {"video_out", video_answer(s.video_out)},
                  {"audio_in", audio_answer(s.audio_in)},
                  {"audio_out", audio_answer(s.audio_out)}};
  return Json{{"call", call}}.dump();
}

std::string shown_answer(const std::deque<ShownPicture>& shown) {
  Json list = Json::array();
  for (const ShownPicture& picture : shown) {
    list.push_back({picture.rtp_timestamp, picture.at.time_since_epoch().count()});
  }
  return Json{{"shown", std::move(list)}}.dump();
}

}  // namespace sotto::desktop
