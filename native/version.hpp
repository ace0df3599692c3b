// The version that the native engine was built as.
#pragma once

namespace ellnet {

/// Returns the version of the package whose build made this library, as "0.1.0".
const char* version() noexcept;

}  // namespace ellnet
