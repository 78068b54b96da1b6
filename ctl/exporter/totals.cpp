// SPDX-License-Identifier: BSD-2-Clause
#include "exporter/totals.h"

namespace xdpctl::exporter {

Count Total::add(const Count& reading) {
    const bool again = reading.packets < last.packets || reading.bytes < last.bytes;
    const Count base = again ? Count{} : last;
    const Count added{reading.packets - base.packets, reading.bytes - base.bytes};
    last = reading;
    total += added;
    return added;
}

}  // namespace xdpctl::exporter
