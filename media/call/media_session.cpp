#include "sotto/call/media_session.hpp"
