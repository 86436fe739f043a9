// ICE agents by libnice: one GLib loop and one thread per agent.
#pragma once

#include <memory>

#include "sotto/ice/agent.hpp"

namespace sotto::ice_nice {

std::unique_ptr<ice::AgentFactory> make_agent_factory();

}  // namespace sotto::ice_nice
