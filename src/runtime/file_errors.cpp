#include "file_errors.hpp"

#include <cerrno>
#include <system_error>

namespace sotto::runtime {

Error file_error(int number, const std::string& doing) {
  const auto error = [&doing](ErrorCode code, const std::string& why) {
    return fail(code, doing + ": " + why + ".");
  };
  switch (number) {
    case ENOENT: return error(ErrorCode::not_found, "it does not exist");
    case ENOTDIR: return error(ErrorCode::not_found, "part of the path is not a folder");
    case EACCES:
    case EPERM: return error(ErrorCode::denied, "permission denied");
    case EROFS: return error(ErrorCode::denied, "the disk is read-only");
    case EEXIST: return error(ErrorCode::conflict, "the name is taken");
    case EISDIR: return error(ErrorCode::invalid_argument, "it is a folder");
    case ELOOP: return error(ErrorCode::invalid_argument, "it is a symbolic link");
    case ENAMETOOLONG: return error(ErrorCode::invalid_argument, "the name is too long");
    case ENOSPC: return error(ErrorCode::storage, "the disk is full");
    case EDQUOT: return error(ErrorCode::storage, "the disk quota is used up");
    case EFBIG: return error(ErrorCode::storage, "the file is larger than the disk allows");
    case EMFILE:
    case ENFILE: return error(ErrorCode::unavailable, "too many files are open");
    default: break;
  }
  return error(ErrorCode::storage, std::generic_category().message(number));
}

}  // namespace sotto::runtime
