# SDL2: the window, input, YUV textures. Fixed by the project. Floor 2.26: primary selection. Zlib.
# May link: desktop.
sotto_pkg(sdl2 sdl2>=2.26)
