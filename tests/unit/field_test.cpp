// SPDX-License-Identifier: BSD-2-Clause
#include "ruleset/field.h"

#include <gtest/gtest.h>

namespace xdpctl::ruleset {
namespace {

TEST(Field, IsFoundByItsNames) {
    for (const FieldInfo& field : fields()) {
        const auto found = find_field(field.protocol, field.name);
        ASSERT_TRUE(found);
        EXPECT_TRUE(*found == field.field || of_second_tag(*found) == field.field);
        EXPECT_EQ(&info(field.field), &field);
    }
    EXPECT_FALSE(find_field("tcp", "type"));
    EXPECT_FALSE(find_field("", ""));
}

TEST(Field, KnowsItsConstants) {
    EXPECT_EQ(constant(ValueType::InetService, "ssh"), 22U);
    EXPECT_EQ(constant(ValueType::InetService, "domain"), 53U);
    EXPECT_EQ(constant(ValueType::InetService, "https"), 443U);
    EXPECT_EQ(constant(ValueType::EtherType, "vlan"), 0x8100U);
    EXPECT_EQ(constant(ValueType::InetProto, "comp"), 108U);
    EXPECT_EQ(constant(ValueType::TcpFlag, "cwr"), 0x80U);
    EXPECT_EQ(constant(ValueType::IcmpCode, "frag-needed"), 4U);
    EXPECT_FALSE(constant(ValueType::InetService, "no-such-service"));
    EXPECT_FALSE(constant(ValueType::Ipv4Addr, "localhost"));
}

TEST(Field, PrintsTheFirstSymbolOfAValue) {
    EXPECT_EQ(symbol(ValueType::EtherType, 0x8100), "8021q");
    EXPECT_EQ(symbol(ValueType::InetProto, 58), "ipv6-icmp");
    EXPECT_EQ(symbol(ValueType::Icmpv6Type, 132), "mld-listener-done");
    EXPECT_FALSE(symbol(ValueType::InetService, 22)) << "nft prints ports as numbers";
    EXPECT_FALSE(symbol(ValueType::InetProto, 200));
}

TEST(Field, ReadsEverySymbolItPrintsAndSuggests) {
    for (const FieldInfo& field : fields()) {
        for (const std::string_view name : symbols(field.type))
            EXPECT_TRUE(constant(field.type, name)) << name;
        for (std::uint32_t value = 0; field.bits > 0 && value <= 0xffff; ++value) {
            const auto name = symbol(field.type, value);
            EXPECT_TRUE(!name || constant(field.type, *name) == value) << *name;
        }
    }
}

}  // namespace
}  // namespace xdpctl::ruleset
