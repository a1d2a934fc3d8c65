#!/usr/bin/perl
# What perl's TAP::Parser makes of each file, one JSON object a line: tap.pl FILE...
# Parsers before 3.45 know version 13 at most; 14 is a superset that such a one is meant to read.
use strict;
use warnings;
no warnings 'utf8';
use TAP::Parser;
use JSON::PP;

my $json = JSON::PP->new->utf8->canonical;
for my $file (@ARGV) {
    open my $in, '<:encoding(UTF-8)', $file or die "$file: $!";
    my $text = do { local $/; <$in> };
    my $version = $text =~ /\ATAP version (\d+)\n/ ? $1 + 0 : 0;
    $text =~ s/\ATAP version 14\n/TAP version 13\n/;
    my $parser = TAP::Parser->new({ tap => $text });
    my (@tests, @unknown);
    while (my $result = $parser->next) {
        if ($result->is_test) {
            push @tests, { ok => $result->is_actual_ok ? 1 : 0, description => $result->description,
                           directive => $result->directive, explanation => $result->explanation };
        } elsif ($result->is_yaml) {
            $tests[-1]{block} = $result->data;
        } elsif (!$result->is_version && !$result->is_plan) {
            push @unknown, $result->raw;
        }
    }
    print $json->encode({ version => $version, tests => \@tests, unknown => \@unknown,
                          errors => [$parser->parse_errors] }), "\n";
}
