"""Work done to a cluster on behalf of the records in `stores`."""
