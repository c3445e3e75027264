"""Limits that others publish, each with where it stands, and what is assumed where nobody says."""

# DynamoDB, "Best practices for designing and using partition keys": of each partition, of tables
# and of indexes alike. A partition is split for heat, but never below one partition key's items of
# one place in the order of the sort key; a key that is written in order keeps its limit.
PARTITION_WRITES_A_S = 1000
PARTITION_READS_A_S = 3000
# DynamoDB, "on-demand capacity mode": what a new table takes from its first second.
NEW_TABLE_WRITES_A_S = 4000
# DynamoDB, "Read/write capacity mode": what one unit holds.
WRITE_UNIT_BYTES = 1024
READ_UNIT_BYTES = 4096

# SQS, "How fair queues work": a message group is noisy with more than this share of the messages in
# flight and at least so many of them; quiet groups are then served first, until its backlog is gone
# or it sent nothing for five minutes. AWS calls both numbers approximate.
NOISY_SHARE = 0.10
NOISY_AT_LEAST = 30
NOISY_KEPT_S = 300

# Lambda, "Quotas": of an account and region until more is asked for.
ACCOUNT_CONCURRENCY = 1000

# Assumed, for nobody publishes them. One request to DynamoDB or SQS from a function of the same
# region; the CPU botocore needs for it; one call of a vendor over the internet.
REQUEST_S = 0.005
REQUEST_CPU_S = 0.0012
VENDOR_CALL_S = 0.3

# DynamoDB, "Pricing for on-demand capacity", us-east-1: dollars a million units.
WRITE_DOLLARS = 0.625
READ_DOLLARS = 0.125
