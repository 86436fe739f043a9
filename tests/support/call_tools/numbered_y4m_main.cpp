// numbered_y4m PATH [PICTURES [WIDTH HEIGHT [FPS]]]: a looping test film for --camera file:PATH. By default
// ten seconds of 1280x720 at 30 pictures a second.
#include <cstdio>
#include <cstdlib>

#include "support/call_tools/numbered_picture.hpp"

int main(int argc, char** argv) {
  const auto number = [&](int index, int otherwise) {
    return argc > index ? std::atoi(argv[index]) : otherwise;
  };
  const int pictures = number(2, 300), width = number(3, 1280), height = number(4, 720), fps = number(5, 30);
  if (argc < 2 || argc == 4 || pictures < 1 || pictures > 100'000 || width < 128 || width > 3840 ||
      width % 2 != 0 || height < 72 || height > 2160 || height % 2 != 0 || fps < 1 || fps > 60) {
    std::fputs("usage: numbered_y4m PATH [PICTURES [WIDTH HEIGHT [FPS]]]\n", stderr);
    return 2;
  }
  const sotto::Status written = sotto::test::write_numbered_y4m(argv[1], pictures, width, height, fps);
  if (written) return 0;
  std::fprintf(stderr, "%s\n", written.error().message.c_str());
  return 1;
}
