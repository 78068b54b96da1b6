// SPDX-License-Identifier: BSD-2-Clause
// libpcap, loaded when a command reads or writes frames: as a library of the command it would bring eight others, D-Bus
// and systemd among them, into every command that does not.
#pragma once

#include <pcap/pcap.h>

#include "base/error.h"

namespace xdpctl::observe {

// Its functions, without "pcap_".
struct Libpcap {
    decltype(&pcap_activate) activate;
    decltype(&pcap_close) close;
    decltype(&pcap_compile) compile;
    decltype(&pcap_create) create;
    decltype(&pcap_datalink) datalink;
    decltype(&pcap_datalink_val_to_name) datalink_val_to_name;
    decltype(&pcap_dump) dump;
    decltype(&pcap_dump_close) dump_close;
    decltype(&pcap_dump_file) dump_file;
    decltype(&pcap_dump_flush) dump_flush;
    decltype(&pcap_dump_open) dump_open;
    decltype(&pcap_fopen_offline_with_tstamp_precision) fopen_offline_with_tstamp_precision;
    decltype(&pcap_freecode) freecode;
    decltype(&pcap_geterr) geterr;
    decltype(&pcap_get_selectable_fd) get_selectable_fd;
    decltype(&pcap_next_ex) next_ex;
    decltype(&pcap_offline_filter) offline_filter;
    decltype(&pcap_open_dead) open_dead;
    decltype(&pcap_open_dead_with_tstamp_precision) open_dead_with_tstamp_precision;
    decltype(&pcap_set_buffer_size) set_buffer_size;
    decltype(&pcap_set_immediate_mode) set_immediate_mode;
    decltype(&pcap_set_snaplen) set_snaplen;
    decltype(&pcap_setdirection) setdirection;
    decltype(&pcap_setfilter) setfilter;
    decltype(&pcap_setnonblock) setnonblock;
    decltype(&pcap_stats) stats;
    decltype(&pcap_statustostr) statustostr;
};

// Errors: Failed with what the loader says.
[[nodiscard]] Status load_libpcap();
// REQUIRES: load_libpcap() succeeded.
[[nodiscard]] const Libpcap& libpcap();

}  // namespace xdpctl::observe
