// Where the programs keep things when nobody says otherwise, so that the window and the terminal open the
// same profile. By the environment (XDG base directories); empty without HOME. Thread: any that may call
// getenv().
#pragma once

#include <string>

namespace sotto::runtime {

std::string default_profile();    // $XDG_DATA_HOME/sotto or ~/.local/share/sotto
std::string default_downloads();  // $XDG_DOWNLOAD_DIR or ~/Downloads

}  // namespace sotto::runtime
