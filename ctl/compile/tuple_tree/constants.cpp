// SPDX-License-Identifier: BSD-2-Clause
#include "compile/tuple_tree/constants.h"

namespace xdpctl::compile::tuple_tree {

namespace {

std::uint64_t address_mask(const xdpctl_tuple_table4& table, std::uint32_t /*word*/) {
    return table.addresses;
}

std::uint64_t address_mask(const xdpctl_tuple_table6& table, std::uint32_t word) {
    return word < 2 ? table.source[word] : table.destination[word - 2];
}

std::uint64_t of_table(const auto& table, const xdpctl_tuple_array& directory, std::uint32_t number) {
    switch (number) {
    case XDPCTL_TUPLE_MASK_TUPLE:
        return table.tuple;
    case XDPCTL_TUPLE_SHIFT:
        return table.shift;
    case XDPCTL_TUPLE_SLOTS:
        return directory.offset + std::uint64_t{table.base} * sizeof(std::uint32_t);
    default:
        return address_mask(table, number - XDPCTL_TUPLE_MASK);
    }
}

std::uint64_t of_family(const Tables& tables, const auto& index, const Windows& windows, std::uint32_t number) {
    switch (number) {
    case XDPCTL_TUPLE_SOURCE_WORD:
        return windows.source.word * sizeof(std::uint32_t);
    case XDPCTL_TUPLE_SOURCE_SHIFT:
        return windows.source.shift;
    case XDPCTL_TUPLE_DESTINATION_WORD:
        return windows.destination.word * sizeof(std::uint32_t);
    case XDPCTL_TUPLE_DESTINATION_SHIFT:
        return windows.destination.shift;
    default:
        return of_table(index.tables[number / XDPCTL_TUPLE_TABLE_CONSTANTS], tables.config.directory,
                        number % XDPCTL_TUPLE_TABLE_CONSTANTS);
    }
}

}  // namespace

std::uint64_t constant(const Tables& tables, std::uint32_t number) {
    return number < XDPCTL_TUPLE_FAMILY_CONSTANTS
               ? of_family(tables, tables.index4, tables.windows4, number)
               : of_family(tables, tables.index6, tables.windows6, number - XDPCTL_TUPLE_FAMILY_CONSTANTS);
}

}  // namespace xdpctl::compile::tuple_tree
