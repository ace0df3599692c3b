#include "targets.hpp"

#include <cstring>

namespace ellnet {

#ifdef ELLNET_X86
extern const Kernels<float> avx512_single, avx2_single;
extern const Kernels<double> avx512_twice, avx2_twice;
#endif
extern const Kernels<float> scalar_single;
extern const Kernels<double> scalar_twice;

namespace {

#ifdef ELLNET_X86
bool has_avx512() {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw");
}
bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
#endif
bool always() { return true; }

struct Candidate {
    Target target;
    bool (*usable)();
};

const Candidate CANDIDATES[] = {
#ifdef ELLNET_X86
    {{"avx512", &avx512_single, &avx512_twice}, has_avx512},
    {{"avx2", &avx2_single, &avx2_twice}, has_avx2},
#endif
    {{"scalar", &scalar_single, &scalar_twice}, always},
};

}  // namespace

const Target* target_at(int number, bool* usable) noexcept {
    if (number >= static_cast<int>(sizeof CANDIDATES / sizeof *CANDIDATES)) return nullptr;
    *usable = CANDIDATES[number].usable();
    return &CANDIDATES[number].target;
}

const Target* find_target(const char* name) noexcept {
    for (const Candidate& each : CANDIDATES)
        if (std::strcmp(each.target.name, name) == 0 && each.usable()) return &each.target;
    return nullptr;
}

}  // namespace ellnet
