// From painted surfaces and pictures to the screen: SDL's renderer with three layers.
//
//   base   the window painted by Cairo, opaque, uploaded only where it changed
//   video  YUV textures of the call, scaled and converted by the renderer; the self view converted here
//   over   what lies above the video, with straight alpha (see Canvas)
//
// While only pictures change, base is not painted nor uploaded again. Thread: the window's.
#pragma once

#include <SDL.h>
#include <cairo.h>

#include <vector>

#include "desktop/widgets/ui.hpp"
#include "sotto/media/video_frame.hpp"

namespace sotto::desktop {

class Compositor {
 public:
  // Takes an accelerated renderer when there is real hardware, else the software one.
  explicit Compositor(SDL_Window* window);
  ~Compositor();
  Compositor(const Compositor&) = delete;
  Compositor& operator=(const Compositor&) = delete;

  bool ok() const { return renderer_ != nullptr; }
  bool software() const { return software_; }
  void output_size(int& width, int& height) const;
  // Makes surfaces of this size; true if they are new (everything must be painted).
  bool resize(int width, int height);
  cairo_surface_t* base() { return base_; }
  cairo_surface_t* over() { return over_; }
  // Transparent again at every call; only needed while video is shown.
  cairo_surface_t* clear_over();

  void set_frame(Stream stream, media::VideoFramePtr frame);
  void drop_frames();
  const media::VideoFramePtr& newest(Stream stream) const {
    return stream == Stream::remote ? remote_ : local_;
  }
  bool has_frame(Stream stream) const { return newest(stream) != nullptr; }
  int frame_width(Stream stream) const { return newest(stream) ? newest(stream)->width : 0; }
  int frame_height(Stream stream) const { return newest(stream) ? newest(stream)->height : 0; }

  // A newly painted frame of the interface.
  void show(const std::vector<VideoPlace>& videos, const Rect& over_bounds_px, double scale);
  // Only pictures changed since the last show().
  void show_pictures();
  void lost_textures();  // SDL_RENDER_TARGETS_RESET and friends

 private:
  struct Placed {
    VideoPlace place;
    SDL_Rect px;
  };
  void upload_over(const SDL_Rect& bounds);
  void draw_videos();
  void draw_plain(const Placed& placed);
  void draw_rounded(const Placed& placed);

  SDL_Renderer* renderer_ = nullptr;
  bool software_ = false;
  int width_ = 0, height_ = 0;
  cairo_surface_t* base_ = nullptr;
  cairo_surface_t* over_ = nullptr;
  SDL_Texture* base_texture_ = nullptr;
  SDL_Texture* over_texture_ = nullptr;
  SDL_Texture* video_texture_ = nullptr;
  SDL_Texture* self_texture_ = nullptr;
  int video_w_ = 0, video_h_ = 0, self_w_ = 0, self_h_ = 0;
  media::VideoFramePtr remote_, local_;
  bool remote_new_ = false, local_new_ = false;
  std::vector<Placed> placed_;
  SDL_Rect over_bounds_{0, 0, 0, 0};
  bool over_used_ = false;
  std::vector<std::uint32_t> self_pixels_, over_pixels_;
};

// A picture scaled down to width x height with box averages, as ARGB with straight alpha and round corners;
// mirrored if asked. BT.709 limited range. Pure: for the self view and its tests.
void picture_to_argb(const media::VideoFrame& frame, int width, int height, bool mirrored, double radius_px,
                     std::uint32_t* out);

}  // namespace sotto::desktop
