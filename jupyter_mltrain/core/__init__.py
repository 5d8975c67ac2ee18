"""The objects that a user holds, thin over the client."""
