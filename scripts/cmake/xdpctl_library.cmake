# SPDX-License-Identifier: BSD-2-Clause
# xdpctl_options(TARGET): the warnings, include roots and sanitizers of every C++ target of the project.
# xdpctl_library(NAME SOURCES ... LINKS ...): a static library xdpctl_NAME of one folder below ctl/.

function(xdpctl_options target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror)
  # g++ 12 sees overlapping copies in `"text" + string` when it optimises fully (gcc.gnu.org/PR105651).
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-Wno-restrict>)
  endif()
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/ctl)
  # clang warns of what libstdc++ 12 does in std::stable_sort, and of what LIBBPF_OPTS of libbpf is made of.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    target_compile_options(${target} PRIVATE -Wno-deprecated-declarations -Wno-gnu-statement-expression
                           -Wno-c99-extensions -Wno-missing-designated-field-initializers)
  endif()
  if(XDPCTL_FUZZ)
    target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
  if(XDPCTL_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(${target} PUBLIC -fsanitize=address,undefined)
  endif()
endfunction()

function(xdpctl_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINKS")
  add_library(xdpctl_${name} STATIC ${arg_SOURCES})
  xdpctl_options(xdpctl_${name})
  target_link_libraries(xdpctl_${name} PUBLIC ${arg_LINKS})
endfunction()
