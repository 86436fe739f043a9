// What the sanitizers should know about libraries that were not built with them. Linked into every test of a
// sanitizer build. ThreadSanitizer does not see how GLib, PulseAudio and others synchronise, and would take
// their own memory for contended; accesses by our code stay watched, also when such a library calls us.
extern "C" {

// NOLINTNEXTLINE(bugprone-reserved-identifier): the sanitizer looks for this name
const char* __tsan_default_suppressions();
const char* __tsan_default_suppressions() {
  return "called_from_lib:libglib-2.0.so\n"
         "called_from_lib:libnice.so\n"
         // Loaded and unloaded by ALSA, which called_from_lib does not allow.
         "race:libpulse\n"
         "race:libasound\n"
         // Pango looks for fonts on a thread of its own, and hands them over.
         "race:libfontconfig\n"
         "race:libpango\n"
         "race:libharfbuzz\n"
         "race:libcairo\n";
}

// NOLINTNEXTLINE(bugprone-reserved-identifier): the sanitizer looks for this name
const char* __lsan_default_suppressions();
const char* __lsan_default_suppressions() {
  // Its configuration lives as long as the process, and parts of it are reachable from its own memory only.
  return "leak:libfontconfig.so\n";
}

}  // extern "C"
