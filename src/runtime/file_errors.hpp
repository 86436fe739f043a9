// What errno means for a person.
#pragma once

#include <string>

#include "sotto/base/result.hpp"

namespace sotto::runtime {

// "Saving the file: the disk is full."
Error file_error(int number, const std::string& doing);

}  // namespace sotto::runtime
