// SPDX-License-Identifier: BSD-2-Clause
#include "cli/text_file.h"

#include <fmt/format.h>
#include <glob.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <span>

namespace xdpctl::cli {

namespace {

// As much as a ruleset can have (lang/token.h); keeps an endless input from filling the memory.
constexpr std::size_t size_max = std::size_t{256} << 20;

constexpr std::string_view include_directory = "/etc/";

struct CloseFile {
    void operator()(std::FILE* file) const {
        if (file != stdin)
            std::fclose(file);
    }
};

struct FreePaths {
    void operator()(glob_t* paths) const { globfree(paths); }
};

bool has_pattern(const std::string& path) {
    return path.find_first_of("*?[") != std::string::npos;
}

std::string resolved(const std::string& pattern) {
    const bool has_place = pattern.starts_with('/') || pattern.starts_with("./") || pattern.starts_with("../");
    return has_place ? pattern : std::string(include_directory) + pattern;
}

// Directories among them are no files to read.
Result<std::vector<std::string>> find_files(const std::string& pattern) {
    glob_t storage{};
    const int status = glob(pattern.c_str(), 0, nullptr, &storage);
    const std::unique_ptr<glob_t, FreePaths> paths(&storage);
    if (status != 0 && status != GLOB_NOMATCH)
        return fail(ErrorKind::Failed, fmt::format("cannot look for {}", pattern));
    std::vector<std::string> files;
    for (const char* path : std::span(storage.gl_pathv, storage.gl_pathc)) {
        struct stat about{};
        if (stat(path, &about) != 0 || !S_ISDIR(about.st_mode))
            files.emplace_back(path);
    }
    return files;
}

}  // namespace

Result<std::string> read_text_file(const std::string& path, const std::string& name) {
    const std::unique_ptr<std::FILE, CloseFile> file(path == "-" ? stdin : std::fopen(path.c_str(), "re"));
    if (!file)
        return fail_errno(errno, fmt::format("cannot open {}", name));
    std::string content;
    std::array<char, 65536> buffer;
    while (const std::size_t size = std::fread(buffer.data(), 1, buffer.size(), file.get())) {
        content.append(buffer.data(), size);
        if (content.size() > size_max)
            return fail(ErrorKind::Limit, fmt::format("{} is larger than {} MiB", name, size_max >> 20));
    }
    if (std::ferror(file.get()) != 0)
        return fail_errno(errno, fmt::format("cannot read {}", name));
    return content;
}

Result<std::vector<lang::IncludedFile>> open_included(const std::string& pattern) {
    const std::string path = resolved(pattern);
    std::vector<std::string> paths{path};
    if (has_pattern(path)) {
        auto found = find_files(path);
        XDPCTL_TRY(found);
        paths = *std::move(found);
    }
    std::vector<lang::IncludedFile> files;
    for (std::string& name : paths) {
        auto text = read_text_file(name, name);
        XDPCTL_TRY(text);
        files.push_back({.name = std::move(name), .text = *std::move(text)});
    }
    return files;
}

}  // namespace xdpctl::cli
