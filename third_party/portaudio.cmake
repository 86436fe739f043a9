# PortAudio: microphone and speaker. Fixed by the project. Floor 19.6. MIT.
# May link: device_portaudio.
sotto_pkg(portaudio portaudio-2.0>=19)
