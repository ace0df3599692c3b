// The algorithm, once: a target includes its vectors, then this file, and fills its two tables with it.
//
// Included inside a target's own anonymous namespace, so that no name of it reaches the linker.
#pragma once

#include "elementary.hpp"
// (the order matters: each file uses the ones before it)
#include "activations.hpp"
#include "costs.hpp"
#include "narrow.hpp"
#include "linear.hpp"
#include "narrow_linear.hpp"
#include "optimizers.hpp"
#include "width.hpp"
#include "listed.hpp"
#include "tiles.hpp"
#include "few.hpp"
#include "learning.hpp"
#include "norms.hpp"
// (the path for tiny networks)
#include "lanes.hpp"

/// 24 vectors of fused multiply-adds, none waiting for another.
template <class V, class T = typename V::T>
double peak(long rounds, T* sink) {
    V sums[24];
    for (int i = 0; i < 24; ++i) sums[i] = V::load(sink + i * V::lanes);
    const V a = V::load(sink + 24 * V::lanes), b = V::load(sink + 25 * V::lanes);
    for (long round = 0; round < rounds; ++round)
#pragma GCC unroll 24
        for (int i = 0; i < 24; ++i) sums[i] = fma(a, sums[i], b);
    for (int i = 0; i < 24; ++i) sums[i].store(sink + i * V::lanes);
    return 2.0 * 24.0 * V::lanes * static_cast<double>(rounds);
}

template <class V>
constexpr Kernels<typename V::T> table_of() {
    return {
        forward_block<V>, forward_listed<V>, list<V>,         forward_few<V>,
        finish<V>,        output<V>,         output_value<V>,
        backward_block<V>, finish_backward<V>, update<V>, apply<V>, penalties<V>,
        norms<V>,        max_norm<V>,    multiply<V>,       tiny_forward<V>, tiny_step<V>,
        tiny_sums<V>,    tiny_update<V>, tiny_penalties<V>, tiny_norm<V>, tiny_max_norm<V>,
        peak<V>,
    };
}
