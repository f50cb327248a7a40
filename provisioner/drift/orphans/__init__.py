"""What is left in the cluster and in Redis of stores that are gone: found by a sweep, removed by a person only."""
