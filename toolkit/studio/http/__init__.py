"""The HTTP interface of Label Studio: requests, retries, records of what it sends, errors."""
