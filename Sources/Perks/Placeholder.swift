enum PlaceholderPerks {}
import Crypto
