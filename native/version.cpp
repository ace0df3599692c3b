#include "version.hpp"

namespace ellnet {

const char* version() noexcept { return ELLNET_VERSION; }

}  // namespace ellnet
