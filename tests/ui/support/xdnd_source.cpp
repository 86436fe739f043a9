// The other end of drag and drop (XDND version 5): drags files over the window that lies under a point of the
// screen, and drops them there.
//
//   xdnd_source X Y drop|leave SIGNAL FILE...
//
// Hovers until the file SIGNAL exists, then drops or leaves. Exit code 0: the window took the drop (or the
// drag was refused by nobody and left); 1: it did not; 2: usage. What is dropped is given as text/uri-list.
#include <X11/Xlib.h>
#include <sys/stat.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

namespace {

constexpr auto kPatience = std::chrono::seconds(10);
constexpr long kVersion = 5;

// Everything but letters, digits and a few harmless marks as %XX (RFC 3986).
std::string uri_of(const std::string& path) {
  std::string out = "file://";
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                       (byte >= '0' && byte <= '9') ||
                       std::string_view("/-._~").find(c) != std::string_view::npos;
    if (plain) {
      out += c;
    } else {
      std::array<char, 4> code{};
      std::snprintf(code.data(), code.size(), "%%%02X", byte);
      out += code.data();
    }
  }
  return out;
}

class Source {
 public:
  Source(Display* display, std::string data) : display_(display), data_(std::move(data)) {
    window_ = XCreateSimpleWindow(display_, DefaultRootWindow(display_), -10, -10, 1, 1, 0, 0, 0);
    XSetSelectionOwner(display_, atom("XdndSelection"), window_, CurrentTime);
  }

  // The topmost window under the point that takes drops; None if there is none.
  Window target_at(int x, int y) {
    Window from = DefaultRootWindow(display_), at = from;
    for (int depth = 0; depth < 8; ++depth) {
      int inner_x = 0, inner_y = 0;
      Window child = None;
      if (XTranslateCoordinates(display_, from, at, x, y, &inner_x, &inner_y, &child) == 0 || child == None)
        break;
      at = child;
      Atom type = None;
      int format = 0;
      unsigned long count = 0, left = 0;
      unsigned char* property = nullptr;
      XGetWindowProperty(display_, at, atom("XdndAware"), 0, 1, False, AnyPropertyType, &type, &format,
                         &count, &left, &property);
      if (property != nullptr) XFree(property);
      if (type != None) return at;
    }
    return None;
  }

  void send(Window to, const char* what, long b, long c, long d, long e) {
    XEvent event{};
    event.xclient.type = ClientMessage;
    event.xclient.display = display_;
    event.xclient.window = to;
    event.xclient.message_type = atom(what);
    event.xclient.format = 32;
    event.xclient.data.l[0] = static_cast<long>(window_);
    event.xclient.data.l[1] = b;
    event.xclient.data.l[2] = c;
    event.xclient.data.l[3] = d;
    event.xclient.data.l[4] = e;
    XSendEvent(display_, to, False, NoEventMask, &event);
    XFlush(display_);
  }

  // Serves the selection meanwhile. False: the message did not come.
  bool wait_for(const char* what, long& answer) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < end) {
      while (XPending(display_) > 0) {
        XEvent event{};
        XNextEvent(display_, &event);
        if (event.type == SelectionRequest) serve(event.xselectionrequest);
        if (event.type == ClientMessage && event.xclient.message_type == atom(what)) {
          answer = event.xclient.data.l[1];
          return true;
        }
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    std::fprintf(stderr, "no %s came\n", what);
    return false;
  }

  Atom atom(const char* name) { return XInternAtom(display_, name, False); }

 private:
  void serve(const XSelectionRequestEvent& request) {
    XEvent reply{};
    reply.xselection.type = SelectionNotify;
    reply.xselection.requestor = request.requestor;
    reply.xselection.selection = request.selection;
    reply.xselection.target = request.target;
    reply.xselection.time = request.time;
    reply.xselection.property = None;
    if (request.target == atom("text/uri-list")) {
      XChangeProperty(display_, request.requestor, request.property, request.target, 8, PropModeReplace,
                      // The bytes of a property are unsigned.
                      reinterpret_cast<const unsigned char*>(data_.data()), static_cast<int>(data_.size()));
      reply.xselection.property = request.property;
    }
    XSendEvent(display_, request.requestor, False, NoEventMask, &reply);
    XFlush(display_);
  }

  Display* display_;
  std::string data_;
  Window window_ = None;
};

int drag(Display* display, int x, int y, bool drop, const char* signal, std::string data) {
  Source source(display, std::move(data));
  const Window target = source.target_at(x, y);
  if (target == None) {
    std::fprintf(stderr, "nothing at %d,%d takes drops\n", x, y);
    return 1;
  }
  const long copy = static_cast<long>(source.atom("XdndActionCopy"));
  source.send(target, "XdndEnter", kVersion << 24, static_cast<long>(source.atom("text/uri-list")), 0, 0);
  source.send(target, "XdndPosition", 0, (static_cast<long>(x) << 16) | y, CurrentTime, copy);
  long answer = 0;
  if (!source.wait_for("XdndStatus", answer)) return 1;
  if ((answer & 1) == 0) {
    std::fprintf(stderr, "the window does not want it\n");
    return 1;
  }
  const auto end = std::chrono::steady_clock::now() + kPatience;
  struct stat there {};
  while (::stat(signal, &there) != 0) {
    if (std::chrono::steady_clock::now() > end) return 1;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  if (!drop) {
    source.send(target, "XdndLeave", 0, 0, 0, 0);
    return 0;
  }
  source.send(target, "XdndDrop", 0, CurrentTime, 0, 0);
  return source.wait_for("XdndFinished", answer) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view verb = argc > 3 ? argv[3] : "";
  if (argc < 6 || (verb != "drop" && verb != "leave")) {
    std::fprintf(stderr, "usage: xdnd_source X Y drop|leave SIGNAL FILE...\n");
    return 2;
  }
  std::string data;
  for (int i = 5; i < argc; ++i) data += uri_of(argv[i]) + "\r\n";
  Display* display = XOpenDisplay(nullptr);
  if (display == nullptr) {
    std::fprintf(stderr, "no display\n");
    return 1;
  }
  const int code =
      drag(display, std::atoi(argv[1]), std::atoi(argv[2]), verb == "drop", argv[4], std::move(data));
  XCloseDisplay(display);
  return code;
}
