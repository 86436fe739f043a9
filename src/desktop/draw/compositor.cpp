#include "desktop/draw/compositor.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string_view>

#include "sotto/base/log.hpp"

namespace sotto::desktop {
namespace {

// Mesa's software rasterisers present slower than SDL's own and take both cores doing it.
bool software_gl() {
  using GetString = const unsigned char* (*)(unsigned);
  constexpr unsigned kGlRenderer = 0x1F01;
  void* address = SDL_GL_GetProcAddress("glGetString");
  if (address == nullptr) return false;
  GetString get = nullptr;
  static_assert(sizeof get == sizeof address);
  std::memcpy(&get, &address, sizeof get);
  const unsigned char* raw = get(kGlRenderer);
  if (raw == nullptr) return false;
  std::string name;
  for (const unsigned char* c = raw; *c != 0; ++c) name += static_cast<char>(*c);
  return name.find("llvmpipe") != std::string::npos || name.find("softpipe") != std::string::npos ||
         name.find("swrast") != std::string::npos;
}

SDL_Rect to_sdl(const Rect& r) {
  return {static_cast<int>(std::lround(r.x)), static_cast<int>(std::lround(r.y)),
          static_cast<int>(std::lround(r.right())) - static_cast<int>(std::lround(r.x)),
          static_cast<int>(std::lround(r.bottom())) - static_cast<int>(std::lround(r.y))};
}

std::uint32_t clamp8(int value) { return static_cast<std::uint32_t>(std::clamp(value, 0, 255)); }

// BT.709 limited range, 16.16 fixed point.
std::uint32_t yuv_to_rgb(int y, int u, int v) {
  const int c = (y - 16) * 76309, d = u - 128, e = v - 128;
  const int r = (c + 117489 * e + 32768) >> 16;
  const int g = (c - 13975 * d - 34925 * e + 32768) >> 16;
  const int b = (c + 138438 * d + 32768) >> 16;
  return clamp8(r) << 16 | clamp8(g) << 8 | clamp8(b);
}

// At most three samples across and down: a picture shrunk ten times need not read every pixel of it.
int box_average(const std::uint8_t* plane, int stride, int x0, int x1, int y0, int y1) {
  const int step_x = std::max(1, (x1 - x0) / 3), step_y = std::max(1, (y1 - y0) / 3);
  int sum = 0, count = 0;
  for (int y = y0; y < y1; y += step_y) {
    const std::uint8_t* row = plane + static_cast<std::ptrdiff_t>(y) * stride;
    for (int x = x0; x < x1; x += step_x) {
      sum += row[x];
      ++count;
    }
  }
  return sum / count;
}

// How much of a pixel is inside a rounded box, 0..255.
std::uint32_t coverage(int x, int y, int width, int height, double radius) {
  const double px = x + 0.5, py = y + 0.5;
  const double cx = std::clamp(px, radius, width - radius), cy = std::clamp(py, radius, height - radius);
  const double distance = std::hypot(px - cx, py - cy);
  return static_cast<std::uint32_t>(std::clamp(radius - distance + 0.5, 0.0, 1.0) * 255);
}

}  // namespace

void picture_to_argb(const media::VideoFrame& f, int width, int height, bool mirrored, double radius,
                     std::uint32_t* out) {
  for (int y = 0; y < height; ++y) {
    const int sy0 = y * f.height / height, sy1 = std::max(sy0 + 1, (y + 1) * f.height / height);
    const int cy0 = sy0 / 2, cy1 = std::max(cy0 + 1, sy1 / 2);
    for (int x = 0; x < width; ++x) {
      const int sx = mirrored ? width - 1 - x : x;
      const int sx0 = sx * f.width / width, sx1 = std::max(sx0 + 1, (sx + 1) * f.width / width);
      const int cx0 = sx0 / 2, cx1 = std::max(cx0 + 1, sx1 / 2);
      const std::uint32_t color = yuv_to_rgb(box_average(f.y.data(), f.stride_y, sx0, sx1, sy0, sy1),
                                             box_average(f.u.data(), f.stride_uv, cx0, cx1, cy0, cy1),
                                             box_average(f.v.data(), f.stride_uv, cx0, cx1, cy0, cy1));
      out[static_cast<std::ptrdiff_t>(y) * width + x] = coverage(x, y, width, height, radius) << 24 | color;
    }
  }
}

Compositor::Compositor(SDL_Window* window) {
  SDL_SetHint(SDL_HINT_RENDER_SCALE_QUALITY, "1");
  // The software renderer is to put its pixels on the window through shared memory; SDL's default is a GL
  // texture, which costs two cores where GL itself is software.
  SDL_SetHint(SDL_HINT_FRAMEBUFFER_ACCELERATION, "0");
  SDL_SetYUVConversionMode(SDL_YUV_CONVERSION_BT709);  // before any picture texture exists
  renderer_ = SDL_CreateRenderer(window, -1, SDL_RENDERER_ACCELERATED | SDL_RENDERER_PRESENTVSYNC);
  SDL_RendererInfo info{};
  if (renderer_ != nullptr && SDL_GetRendererInfo(renderer_, &info) == 0) {
    const std::string_view name = info.name;
    const bool chosen = SDL_GetHint(SDL_HINT_RENDER_DRIVER) != nullptr;
    if (!chosen && name.starts_with("opengl") && software_gl()) {
      SDL_DestroyRenderer(renderer_);
      renderer_ = nullptr;
    }
  }
  if (renderer_ == nullptr) renderer_ = SDL_CreateRenderer(window, -1, SDL_RENDERER_SOFTWARE);
  if (renderer_ != nullptr && SDL_GetRendererInfo(renderer_, &info) == 0) {
    software_ = (info.flags & SDL_RENDERER_SOFTWARE) != 0;
    log::info("window.renderer", {{"name", info.name}});
  }
}

Compositor::~Compositor() {
  for (SDL_Texture* texture : {base_texture_, over_texture_, video_texture_, self_texture_}) {
    if (texture != nullptr) SDL_DestroyTexture(texture);
  }
  if (base_ != nullptr) cairo_surface_destroy(base_);
  if (over_ != nullptr) cairo_surface_destroy(over_);
  if (renderer_ != nullptr) SDL_DestroyRenderer(renderer_);
}

void Compositor::output_size(int& width, int& height) const {
  SDL_GetRendererOutputSize(renderer_, &width, &height);
}

bool Compositor::resize(int width, int height) {
  if (width == width_ && height == height_ && base_texture_ != nullptr) return false;
  width_ = width;
  height_ = height;
  if (base_ != nullptr) cairo_surface_destroy(base_);
  if (over_ != nullptr) cairo_surface_destroy(over_);
  base_ = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
  over_ = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, width, height);
  lost_textures();
  return true;
}

void Compositor::lost_textures() {
  for (SDL_Texture** texture : {&base_texture_, &over_texture_, &video_texture_, &self_texture_}) {
    if (*texture != nullptr) SDL_DestroyTexture(*texture);
    *texture = nullptr;
  }
  video_w_ = video_h_ = self_w_ = self_h_ = 0;
  remote_new_ = local_new_ = true;
  base_texture_ =
      SDL_CreateTexture(renderer_, SDL_PIXELFORMAT_RGB888, SDL_TEXTUREACCESS_STREAMING, width_, height_);
  over_texture_ =
      SDL_CreateTexture(renderer_, SDL_PIXELFORMAT_ARGB8888, SDL_TEXTUREACCESS_STREAMING, width_, height_);
  if (base_texture_ != nullptr) SDL_SetTextureBlendMode(base_texture_, SDL_BLENDMODE_NONE);
  if (over_texture_ != nullptr) SDL_SetTextureBlendMode(over_texture_, SDL_BLENDMODE_BLEND);
}

cairo_surface_t* Compositor::clear_over() {
  cairo_surface_flush(over_);
  std::memset(
      cairo_image_surface_get_data(over_), 0,
      static_cast<std::size_t>(cairo_image_surface_get_stride(over_)) * static_cast<std::size_t>(height_));
  cairo_surface_mark_dirty(over_);
  return over_;
}

void Compositor::set_frame(Stream stream, media::VideoFramePtr frame) {
  if (stream == Stream::remote) {
    remote_ = std::move(frame);
    remote_new_ = true;
  } else {
    local_ = std::move(frame);
    local_new_ = true;
  }
}

void Compositor::drop_frames() {
  remote_.reset();
  local_.reset();
  placed_.clear();
}

void Compositor::upload_over(const SDL_Rect& bounds) {
  // Straight alpha: the software renderer cannot blend premultiplied pixels.
  cairo_surface_flush(over_);
  const unsigned char* data = cairo_image_surface_get_data(over_);
  const int stride = cairo_image_surface_get_stride(over_);
  over_pixels_.resize(static_cast<std::size_t>(bounds.w) * static_cast<std::size_t>(bounds.h));
  for (int y = 0; y < bounds.h; ++y) {
    std::uint32_t* out = over_pixels_.data() + static_cast<std::ptrdiff_t>(y) * bounds.w;
    std::memcpy(
        out,
        data + static_cast<std::ptrdiff_t>(bounds.y + y) * stride + static_cast<std::ptrdiff_t>(bounds.x) * 4,
        static_cast<std::size_t>(bounds.w) * 4);
    for (int x = 0; x < bounds.w; ++x) {
      const std::uint32_t p = out[x], a = p >> 24;
      if (a == 0 || a == 255) continue;
      const auto divide = [a](std::uint32_t c) {
        return std::min<std::uint32_t>(255, (c * 255 + a / 2) / a);
      };
      out[x] = a << 24 | divide(p >> 16 & 255) << 16 | divide(p >> 8 & 255) << 8 | divide(p & 255);
    }
  }
  SDL_UpdateTexture(over_texture_, &bounds, over_pixels_.data(), bounds.w * 4);
}

void Compositor::show(const std::vector<VideoPlace>& videos, const Rect& over_bounds_px, double scale) {
  cairo_surface_flush(base_);
  SDL_UpdateTexture(base_texture_, nullptr, cairo_image_surface_get_data(base_),
                    cairo_image_surface_get_stride(base_));
  placed_.clear();
  for (const VideoPlace& place : videos) {
    placed_.push_back({place, to_sdl({place.rect.x * scale, place.rect.y * scale, place.rect.w * scale,
                                      place.rect.h * scale})});
  }
  local_new_ = true;  // its size may have changed
  const Rect bounds = intersect({std::floor(over_bounds_px.x), std::floor(over_bounds_px.y),
                                 std::ceil(over_bounds_px.w) + 1, std::ceil(over_bounds_px.h) + 1},
                                {0, 0, static_cast<double>(width_), static_cast<double>(height_)});
  over_used_ = !videos.empty() && !bounds.empty();
  if (over_used_) {
    over_bounds_ = to_sdl(bounds);
    upload_over(over_bounds_);
  }
  SDL_RenderCopy(renderer_, base_texture_, nullptr, nullptr);
  draw_videos();
  if (over_used_) SDL_RenderCopy(renderer_, over_texture_, &over_bounds_, &over_bounds_);
  SDL_RenderPresent(renderer_);
}

void Compositor::show_pictures() {
  if (placed_.empty()) return;
  if (software_) {
    // SDL's software renderer keeps what was drawn: only what lies under the pictures is restored.
    for (const Placed& placed : placed_) SDL_RenderCopy(renderer_, base_texture_, &placed.px, &placed.px);
  } else {
    SDL_RenderCopy(renderer_, base_texture_, nullptr, nullptr);
  }
  draw_videos();
  if (over_used_) {
    if (software_) {
      // Where the over layer lies on base alone it is there already; drawing it twice would darken it.
      for (const Placed& placed : placed_) {
        SDL_Rect part;
        if (SDL_IntersectRect(&placed.px, &over_bounds_, &part) != SDL_TRUE) continue;
        SDL_RenderCopy(renderer_, over_texture_, &part, &part);
        if (placed.place.radius <= 0) break;  // the self view lies inside the large one
      }
    } else {
      SDL_RenderCopy(renderer_, over_texture_, &over_bounds_, &over_bounds_);
    }
  }
  SDL_RenderPresent(renderer_);
}

void Compositor::draw_videos() {
  for (const Placed& placed : placed_) {
    if (!newest(placed.place.stream) || placed.px.w <= 0 || placed.px.h <= 0) continue;
    if (placed.place.radius > 0)
      draw_rounded(placed);
    else
      draw_plain(placed);
  }
}

void Compositor::draw_plain(const Placed& placed) {
  const media::VideoFrame& frame = *newest(placed.place.stream);
  if (video_texture_ == nullptr || video_w_ != frame.width || video_h_ != frame.height) {
    if (video_texture_ != nullptr) SDL_DestroyTexture(video_texture_);
    video_texture_ = SDL_CreateTexture(renderer_, SDL_PIXELFORMAT_IYUV, SDL_TEXTUREACCESS_STREAMING,
                                       frame.width, frame.height);
    if (video_texture_ == nullptr) return;
    SDL_SetTextureBlendMode(video_texture_, SDL_BLENDMODE_NONE);
    video_w_ = frame.width;
    video_h_ = frame.height;
    remote_new_ = true;
  }
  if (remote_new_) {
    SDL_UpdateYUVTexture(video_texture_, nullptr, frame.y.data(), frame.stride_y, frame.u.data(),
                         frame.stride_uv, frame.v.data(), frame.stride_uv);
    remote_new_ = false;
  }
  const auto level = static_cast<Uint8>(std::clamp(placed.place.dim, 0.0, 1.0) * 255);
  SDL_SetTextureColorMod(video_texture_, level, level, level);
  SDL_Rect source{0, 0, frame.width, frame.height};
  if (placed.place.crop) {
    const double shape = static_cast<double>(placed.px.w) / placed.px.h;
    if (static_cast<double>(frame.width) / frame.height > shape) {
      source.w = static_cast<int>(std::lround(frame.height * shape));
      source.x = (frame.width - source.w) / 2;
    } else {
      source.h = static_cast<int>(std::lround(frame.width / shape));
      source.y = (frame.height - source.h) / 2;
    }
  }
  SDL_RenderCopy(renderer_, video_texture_, &source, &placed.px);
}

void Compositor::draw_rounded(const Placed& placed) {
  const media::VideoFrame& frame = *newest(placed.place.stream);
  const SDL_Rect& px = placed.px;
  if (self_texture_ == nullptr || self_w_ != px.w || self_h_ != px.h) {
    if (self_texture_ != nullptr) SDL_DestroyTexture(self_texture_);
    self_texture_ =
        SDL_CreateTexture(renderer_, SDL_PIXELFORMAT_ARGB8888, SDL_TEXTUREACCESS_STREAMING, px.w, px.h);
    if (self_texture_ == nullptr) return;
    SDL_SetTextureBlendMode(self_texture_, SDL_BLENDMODE_BLEND);
    self_w_ = px.w;
    self_h_ = px.h;
    local_new_ = true;
  }
  if (local_new_) {
    self_pixels_.resize(static_cast<std::size_t>(px.w) * static_cast<std::size_t>(px.h));
    const double scale = placed.place.rect.w > 0 ? px.w / placed.place.rect.w : 1;
    picture_to_argb(frame, px.w, px.h, placed.place.mirrored, placed.place.radius * scale,
                    self_pixels_.data());
    SDL_UpdateTexture(self_texture_, nullptr, self_pixels_.data(), px.w * 4);
    local_new_ = false;
  }
  SDL_RenderCopy(renderer_, self_texture_, nullptr, &px);
}

}  // namespace sotto::desktop
