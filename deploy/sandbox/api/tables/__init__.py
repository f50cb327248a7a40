"""Tables: the columns that ``kubectl get`` prints, made by the server."""
