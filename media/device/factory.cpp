#include "sotto/device/factory.hpp"

#include <algorithm>

namespace sotto::device {
namespace {

Error not_mine(const DeviceUri& uri) {
  return fail(ErrorCode::internal, "No device behind \"" + uri.scheme + ":\" here.");
}

// The first back end that claims the scheme for the kind that `claims` asks about.
using Claims = bool (Backend::*)(std::string_view) const;
Result<Backend*> claimed_by(const std::vector<std::unique_ptr<Backend>>& backends, const DeviceUri& uri,
                            Claims claims, std::string_view kind) {
  for (const auto& backend : backends) {
    if ((backend.get()->*claims)(uri.scheme)) return backend.get();
  }
  return fail(ErrorCode::invalid_argument,
              "\"" + uri.scheme + ":\" is no kind of " + std::string(kind) + " that this program knows.");
}

Status check_uri(const std::vector<std::unique_ptr<Backend>>& backends, std::string_view text, Claims claims,
                 std::string_view kind) {
  if (text.empty()) return ok_status();
  auto uri = parse_device_uri(text);
  if (!uri) return std::move(uri).error();
  auto backend = claimed_by(backends, *uri, claims, kind);
  if (!backend) return std::move(backend).error();
  return ok_status();
}

struct Chosen {
  DeviceUri uri;
  Backend* backend;
};

}  // namespace

Result<DeviceUri> parse_device_uri(std::string_view text) {
  if (text.size() > kMaxUriBytes) return fail(ErrorCode::too_large, "The device address is too long.");
  if (std::ranges::any_of(text, [](char c) { return (c >= 0 && c < 0x20) || c == 0x7F; })) {
    return fail(ErrorCode::invalid_argument, "The device address contains control characters.");
  }
  const std::size_t colon = text.find(':');
  const std::string_view scheme = text.substr(0, colon);
  const bool good_scheme = !scheme.empty() && scheme.size() <= 16 && std::ranges::all_of(scheme, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  });
  if (!good_scheme || (colon == std::string_view::npos) != (scheme == "none")) {
    return fail(
        ErrorCode::invalid_argument,
        "\"" + std::string(text) + "\" is no device address; examples: v4l2:/dev/video0, portaudio:, none.");
  }
  return DeviceUri{std::string(scheme),
                   colon == std::string_view::npos ? std::string() : std::string(text.substr(colon + 1))};
}

Result<std::unique_ptr<VideoSource>> Backend::open_camera(const DeviceUri& uri, const VideoFormat&) {
  return not_mine(uri);
}
Result<std::unique_ptr<AudioSource>> Backend::open_microphone(const DeviceUri& uri) { return not_mine(uri); }
Result<std::unique_ptr<AudioSink>> Backend::open_speaker(const DeviceUri& uri) { return not_mine(uri); }
Result<std::unique_ptr<VideoSink>> Backend::open_video_sink(const DeviceUri& uri) { return not_mine(uri); }

void DeviceFactory::add(std::unique_ptr<Backend> backend) { backends_.push_back(std::move(backend)); }

DeviceList DeviceFactory::list() {
  DeviceList all;
  for (const auto& backend : backends_) backend->list(all);
  return all;
}

namespace {

// Resolves an empty URI to the first listed device, then finds who opens it.
Result<Chosen> choose(DeviceFactory& factory, const std::vector<std::unique_ptr<Backend>>& backends,
                      std::string_view text, std::vector<DeviceEntry> DeviceList::*listed, Claims claims,
                      std::string_view kind) {
  std::string chosen(text);
  if (chosen.empty()) {
    const DeviceList all = factory.list();
    if ((all.*listed).empty()) {
      return fail(ErrorCode::unavailable, "No " + std::string(kind) + " was found on this computer.");
    }
    chosen = (all.*listed).front().uri;
  }
  auto uri = parse_device_uri(chosen);
  if (!uri) return std::move(uri).error();
  auto backend = claimed_by(backends, *uri, claims, kind);
  if (!backend) return std::move(backend).error();
  return Chosen{std::move(*uri), *backend};
}

}  // namespace

Result<std::unique_ptr<VideoSource>> DeviceFactory::open_camera(std::string_view uri,
                                                                const VideoFormat& wanted) {
  if (Status good = check(wanted); !good) return std::move(good).error();
  auto chosen = choose(*this, backends_, uri, &DeviceList::cameras, &Backend::has_camera, "camera");
  if (!chosen) return std::move(chosen).error();
  return chosen->backend->open_camera(chosen->uri, wanted);
}

Result<std::unique_ptr<AudioSource>> DeviceFactory::open_microphone(std::string_view uri) {
  auto chosen =
      choose(*this, backends_, uri, &DeviceList::microphones, &Backend::has_microphone, "microphone");
  if (!chosen) return std::move(chosen).error();
  return chosen->backend->open_microphone(chosen->uri);
}

Result<std::unique_ptr<AudioSink>> DeviceFactory::open_speaker(std::string_view uri) {
  auto chosen = choose(*this, backends_, uri, &DeviceList::speakers, &Backend::has_speaker, "speaker");
  if (!chosen) return std::move(chosen).error();
  return chosen->backend->open_speaker(chosen->uri);
}

Result<std::unique_ptr<VideoSink>> DeviceFactory::open_video_sink(std::string_view text) {
  auto uri = parse_device_uri(text.empty() ? std::string_view("none") : text);
  if (!uri) return std::move(uri).error();
  auto backend = claimed_by(backends_, *uri, &Backend::has_video_sink, "video sink");
  if (!backend) return std::move(backend).error();
  return (*backend)->open_video_sink(*uri);
}

Status DeviceFactory::check_camera(std::string_view uri) const {
  return check_uri(backends_, uri, &Backend::has_camera, "camera");
}
Status DeviceFactory::check_microphone(std::string_view uri) const {
  return check_uri(backends_, uri, &Backend::has_microphone, "microphone");
}
Status DeviceFactory::check_speaker(std::string_view uri) const {
  return check_uri(backends_, uri, &Backend::has_speaker, "speaker");
}
Status DeviceFactory::check_video_sink(std::string_view uri) const {
  return check_uri(backends_, uri, &Backend::has_video_sink, "video sink");
}

}  // namespace sotto::device
