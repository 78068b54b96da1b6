# SPDX-License-Identifier: BSD-2-Clause
# Libraries become part of the programs where they are there as archives: xdpctl then starts in 1.1 ms instead of 1.9. Where
# there is none, the shared library is linked.

option(XDPCTL_ARCHIVES "Link archives of libraries instead of shared ones, where they exist" ON)
if(XDPCTL_SANITIZE)
  set(XDPCTL_ARCHIVES OFF)
endif()

# xdpctl_prefer_archives(PREFIX...): the targets PkgConfig::PREFIX of pkg_check_modules(PREFIX ...) link archives, if each of
# them can. What these need is linked as an archive or shared.
function(xdpctl_prefer_archives)
  foreach(prefix IN LISTS ARGN)
    find_library(XDPCTL_ARCHIVE_${prefix} ${prefix}.a)
    mark_as_advanced(XDPCTL_ARCHIVE_${prefix})
    if(NOT XDPCTL_ARCHIVES OR NOT XDPCTL_ARCHIVE_${prefix})
      return()
    endif()
  endforeach()
  foreach(prefix IN LISTS ARGN)
    set(libraries "")
    foreach(name IN LISTS ${prefix}_STATIC_LIBRARIES)
      find_library(XDPCTL_ARCHIVE_lib${name} NAMES lib${name}.a ${name} NAMES_PER_DIR REQUIRED)
      mark_as_advanced(XDPCTL_ARCHIVE_lib${name})
      list(APPEND libraries ${XDPCTL_ARCHIVE_lib${name}})
    endforeach()
    set_property(TARGET PkgConfig::${prefix} PROPERTY INTERFACE_LINK_LIBRARIES ${libraries})
    message(STATUS "${prefix}: linked as an archive")
  endforeach()
endfunction()

# libxdp hands libbpf's objects on, and both read them with libelf: one kind for all.
xdpctl_prefer_archives(libxdp libbpf libelf)

# xdpctl_fmt: fmt, compiled into an archive where only headers and a shared library are there.
if(XDPCTL_ARCHIVES AND fmt_VERSION MATCHES "^9\\.")
  add_library(xdpctl_fmt STATIC ${PROJECT_SOURCE_DIR}/ctl/base/fmt.cpp)
else()
  add_library(xdpctl_fmt INTERFACE)
  target_link_libraries(xdpctl_fmt INTERFACE fmt::fmt)
endif()

# xdpctl_link_program(TARGET): C++'s runtime as an archive too, if no library of the program loads the shared one. All
# addresses are found at the start, when they can still be written: few are left to find.
function(xdpctl_link_program target)
  target_link_options(${target} PRIVATE -Wl,-z,relro,-z,now -Wl,--gc-sections,-O1)
  get_target_property(fmt xdpctl_fmt TYPE)
  execute_process(COMMAND ${CMAKE_CXX_COMPILER} -print-file-name=libstdc++.a
                  OUTPUT_VARIABLE runtime OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(XDPCTL_ARCHIVES AND fmt STREQUAL "STATIC_LIBRARY" AND IS_ABSOLUTE "${runtime}")
    target_link_options(${target} PRIVATE -static-libstdc++ -static-libgcc)
  endif()
endfunction()
