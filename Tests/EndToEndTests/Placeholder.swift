enum PlaceholderTestEndToEnd {}
import AsyncHTTPClient
