# FFmpeg: camera and screen capture, H.264 (libx264), scaling. Fixed by the project. Floor: FFmpeg 5.1.
# Debian's build is GPL (libx264), hence the licence of the programs. May link: codec_ffmpeg, device_avdevice.
sotto_pkg(ffmpeg libavcodec>=59.37 libavformat>=59.27 libavdevice>=59.7 libavfilter>=8.44 libavutil>=57.28 libswscale>=6.7)
