// SPDX-License-Identifier: BSD-2-Clause
#include "import/element_list.h"

#include <gtest/gtest.h>

namespace xdpctl::importing {
namespace {

TEST(ElementList, TakesOneElementALine) {
    EXPECT_EQ(elements_text("192.0.2.1\n  198.51.100.0/24\t\n"), "{192.0.2.1,\n198.51.100.0/24,\n}");
    EXPECT_EQ(elements_text("192.0.2.1\r\n2001:db8::/32"), "{192.0.2.1,\n2001:db8::/32,\n}");
    EXPECT_EQ(elements_text(""), "{}");
}

TEST(ElementList, LeavesOutComments) {
    EXPECT_EQ(elements_text("# list\n192.0.2.1 # one\n192.0.2.2 ; two\n\n"), "{\n192.0.2.1,\n192.0.2.2,\n\n}");
}

TEST(ElementList, TakesTheFirstColumn) {
    EXPECT_EQ(elements_text("address,score\n\"192.0.2.1\",5\n192.0.2.2,7\n"), "{\n192.0.2.1,\n192.0.2.2,\n}");
}

TEST(ElementList, ReadsIpsetSave) {
    EXPECT_EQ(elements_text("create bad hash:ip family inet timeout 60\n"
                            "add bad 192.0.2.1 timeout 30\n"
                            "add bad 192.0.2.2 timeout 0 packets 3 bytes 9 comment \"two words\"\n"
                            "COMMIT\n"),
              "{\n192.0.2.1 timeout 30s,\n192.0.2.2 comment \"two words\",\n\n}");
}

TEST(ElementList, ReadsElementsOfNft) {
    EXPECT_EQ(elements_text("{ 192.0.2.1, 192.0.2.2 }\n"), "{ 192.0.2.1, 192.0.2.2 }");
    EXPECT_EQ(elements_text("table netdev t {\n set s {\n  elements = { 192.0.2.1,\n 192.0.2.2 }\n }\n}\n"),
              "\n\n{ 192.0.2.1,\n 192.0.2.2 }");
    EXPECT_EQ(elements_text("add element netdev t s { 192.0.2.1 }"), "{ 192.0.2.1 }");
}

}  // namespace
}  // namespace xdpctl::importing
