enum PlaceholderPerksServer {}
import Hummingbird
