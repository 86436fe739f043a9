# libopus, used directly: FFmpeg's wrapper has no FEC, concealment or live bit rate. Floor 1.3. BSD-3-Clause.
# May link: codec_opus.
sotto_pkg(opus opus>=1.3)
