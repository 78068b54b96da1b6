# SPDX-License-Identifier: BSD-2-Clause
# bpf_object(NAME SOURCE): compiles SOURCE (one x.bpf.c) for BPF, links it with bpftool (which drops DWARF and keeps BTF),
# generates its skeleton, and makes an interface target NAME_skel that lets C++ include "NAME.skel.h".
# Headers the source includes are dependencies.

find_program(BPF_CLANG NAMES clang-19 REQUIRED)
find_program(BPFTOOL NAMES bpftool PATHS /usr/sbin /sbin REQUIRED)

function(bpf_object name source)
  set(out ${CMAKE_CURRENT_BINARY_DIR})
  set(object ${out}/${name}.bpf.o)
  set(skeleton ${out}/${name}.skel.h)
  add_custom_command(
    OUTPUT ${object}.full
    COMMAND ${BPF_CLANG} -target bpf -mcpu=v3 -std=gnu2x -O2 -g
            -Wall -Wextra -Werror -Wno-address-of-packed-member -Wno-unused-parameter
            -I${PROJECT_SOURCE_DIR} -idirafter /usr/include/${CMAKE_LIBRARY_ARCHITECTURE}
            -fdebug-prefix-map=${PROJECT_SOURCE_DIR}=.
            -MD -MF ${object}.d -MT ${object}.full
            -c ${CMAKE_CURRENT_SOURCE_DIR}/${source} -o ${object}.full
    DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${source}
    DEPFILE ${object}.d
    COMMENT "BPF ${name}"
    VERBATIM)
  add_custom_command(
    OUTPUT ${skeleton}
    COMMAND ${BPFTOOL} gen object ${object} ${object}.full
    COMMAND sh -c "\"$1\" gen skeleton \"$2\" name \"$3\" > \"$4\"" -- ${BPFTOOL} ${object} ${name} ${skeleton}
    DEPENDS ${object}.full
    COMMENT "Skeleton ${name}"
    VERBATIM)
  add_custom_target(${name}_skel_h DEPENDS ${skeleton})
  add_library(${name}_skel INTERFACE)
  add_dependencies(${name}_skel ${name}_skel_h)
  target_include_directories(${name}_skel SYSTEM INTERFACE ${out})
  target_link_libraries(${name}_skel INTERFACE PkgConfig::libbpf)
endfunction()
