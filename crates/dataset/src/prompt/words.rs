//! The vocabulary of generated prose. Common words, so that most are one or two tokens in any
//! tokenizer; nouns and verbs are regular, so that sentences can inflect them.

/// Nouns whose plural ends in `s`.
#[rustfmt::skip]
pub(super) const NOUNS: &[&str] = &[
    "account", "address", "anchor", "answer", "apple", "archive", "arrow", "author", "autumn", "bakery",
    "balcony", "banner", "barrel", "basket", "beacon", "bell", "blanket", "blueprint", "boat", "border",
    "bottle", "boundary", "bridge", "brother", "bucket", "builder", "button", "cabin", "cable", "camera",
    "canal", "candle", "canvas", "captain", "caravan", "carpenter", "castle", "cathedral", "cellar", "chamber",
    "channel", "chapter", "chart", "circle", "citizen", "classroom", "clock", "cloud", "coast", "coin",
    "collar", "colour", "column", "comet", "companion", "compass", "concert", "container", "contract", "copper",
    "corner", "corridor", "cottage", "counter", "courtyard", "cousin", "cradle", "crane", "creek", "crowd",
    "crystal", "curtain", "customer", "daughter", "decision", "desert", "detail", "diagram", "dialogue", "dinner",
    "doctor", "document", "dolphin", "door", "drawer", "dream", "driver", "drummer", "eagle", "editor",
    "election", "elevator", "ember", "emperor", "engine", "engineer", "envelope", "evening", "exhibit", "expert",
    "factor", "falcon", "farmer", "feather", "festival", "fiddle", "field", "figure", "filter", "finger",
    "flag", "flame", "flavour", "flood", "flower", "forest", "fortune", "fountain", "fragment",
    "frame", "friend", "furnace", "galaxy", "gallery", "garden", "gardener", "gate", "geometry", "giant",
    "glacier", "goal", "grain", "granite", "guitar", "hammer", "handle", "harbour", "harvest", "hedge",
    "helmet", "hill", "hinge", "horizon", "horse", "hospital", "hotel", "hour", "idea", "inn",
    "insect", "instrument", "island", "jacket", "jewel", "journal", "journey", "judge", "kettle", "key",
    "kingdom", "kitchen", "kite", "ladder", "lagoon", "lamp", "landscape", "language", "lantern", "laptop",
    "lawyer", "leader", "lecture", "legend", "lemon", "lesson", "letter", "library", "light", "lion",
    "machine", "magnet", "manor", "manual", "map", "marble", "margin", "market", "meadow", "measure",
    "melody", "member", "memory", "merchant", "message", "meteor", "mill", "miner", "minute", "mirror",
    "mission", "model", "moment", "monastery", "monument", "morning", "mountain", "museum", "musician", "needle",
    "neighbour", "network", "notebook", "novel", "nurse", "ocean", "office", "orchard", "orchestra", "order",
    "origin", "outline", "oven", "owner", "page", "painter", "palace", "panel", "paper", "parade",
    "parcel", "partner", "passage", "pattern", "pebble", "pencil", "pepper", "picture", "pigeon", "pilot",
    "pipe", "planet", "platform", "player", "pocket", "poem", "poet", "pond", "portrait", "printer",
    "prison", "problem", "project", "promise", "prophet", "puzzle", "quarter", "question", "quilt", "railway",
    "raven", "reader", "reason", "receipt", "recipe", "record", "region", "report", "ribbon", "riddle",
    "river", "road", "robot", "rocket", "rope", "routine", "rule", "rumour", "sailor", "sample",
    "scholar", "school", "screen", "season", "secret", "senator", "shadow", "shelter", "shepherd", "signal",
    "sister", "sketch", "soldier", "song", "spark", "speaker", "spider", "spring", "square", "stable",
    "stadium", "station", "statue", "stone", "storm", "story", "stranger", "stream", "street", "student",
    "summer", "surface", "surgeon", "symbol", "table", "tailor", "teacher", "temple", "theatre", "theory",
    "thread", "ticket", "tiger", "timber", "tower", "town", "trader", "train", "traveller", "treasure",
    "treaty", "tunnel", "turbine", "uncle", "valley", "vessel", "village", "violin", "visitor", "volcano",
    "voyage", "wagon", "waiter", "wall", "warehouse", "water", "weaver", "wheel", "window", "winter",
    "witness", "workshop", "writer", "yard", "zone",
];

/// Adjectives.
#[rustfmt::skip]
pub(super) const ADJECTIVES: &[&str] = &[
    "abandoned", "able", "absent", "accurate", "active", "ambitious", "ancient", "angry", "annual", "anxious",
    "awkward", "bare", "basic", "bitter", "blank", "blue", "bold", "brave", "brief", "bright",
    "broad", "broken", "brown", "busy", "calm", "careful", "cheap", "clean", "clear", "clever",
    "cold", "common", "complete", "complex", "constant", "cool", "crooked", "curious", "daily", "dark",
    "deep", "delicate", "dense", "different", "distant", "double", "dry", "dusty", "eager", "early",
    "eastern", "electric", "elegant", "empty", "endless", "enormous", "entire", "exact", "extra", "faint",
    "fair", "familiar", "famous", "fast", "final", "fine", "firm", "flat", "foreign", "formal",
    "fragile", "free", "fresh", "friendly", "frozen", "full", "gentle", "golden", "grand", "grateful",
    "gray", "great", "green", "happy", "hard", "heavy", "hidden", "high", "hollow", "honest",
    "huge", "humble", "hungry", "idle", "important", "inner", "iron", "joint", "keen", "kind",
    "large", "last", "late", "lazy", "level", "little", "local", "lonely", "long", "loose",
    "loud", "lucky", "major", "mild", "minor", "modern", "modest", "moist", "mutual", "narrow",
    "natural", "neat", "nervous", "new", "noble", "northern", "novel", "obvious", "odd", "official",
    "old", "open", "orange", "ordinary", "outer", "pale", "patient", "perfect", "plain", "pleasant",
    "polite", "poor", "popular", "practical", "private", "proper", "proud", "public", "pure", "quick",
    "quiet", "rapid", "rare", "ready", "recent", "red", "regular", "remote", "rich", "rough",
    "round", "royal", "rural", "sad", "safe", "scarlet", "secret", "serious", "sharp", "short",
    "shy", "silent", "silver", "similar", "simple", "slow", "small", "smooth", "soft", "solid",
    "southern", "spare", "special", "steady", "steep", "stern", "still", "strange", "strict", "strong",
    "stubborn", "sudden", "sunny", "sure", "sweet", "swift", "tall", "tender", "thick", "thin",
    "tidy", "tiny", "tired", "tough", "unusual", "urban", "useful", "usual", "vast", "violet",
    "vivid", "warm", "weak", "western", "wet", "white", "whole", "wide", "wild", "wise",
    "wooden", "worn", "yellow", "young",
];

/// Verbs in the past tense that take an object.
#[rustfmt::skip]
pub(super) const VERBS: &[&str] = &[
    "accepted", "admired", "adopted", "answered", "approached", "arranged", "assembled", "avoided", "balanced", "blamed",
    "blocked", "borrowed", "bought", "brought", "built", "called", "carried", "carved", "caught", "changed",
    "chased", "checked", "chose", "cleaned", "climbed", "closed", "collected", "compared", "completed", "copied",
    "counted", "covered", "crossed", "defended", "delayed", "delivered", "described", "designed", "discovered", "divided",
    "drew", "dropped", "earned", "enjoyed", "entered", "examined", "exchanged", "explored", "feared", "filled",
    "finished", "fixed", "followed", "forgot", "found", "gathered", "greeted", "guarded", "guided", "heard",
    "held", "hid", "ignored", "imagined", "improved", "inspected", "invented", "joined", "judged", "kept",
    "launched", "learned", "left", "lifted", "listed", "loaded", "located", "lost", "loved", "measured",
    "mentioned", "missed", "moved", "named", "needed", "noticed", "observed", "offered", "opened", "ordered",
    "painted", "passed", "placed", "planned", "praised", "prepared", "printed", "promised", "protected", "pulled",
    "pushed", "raised", "reached", "recalled", "received", "recorded", "remembered", "repaired", "replaced", "reported",
    "rescued", "restored", "returned", "reviewed", "saved", "searched", "selected", "sent", "served", "shared",
    "signed", "sold", "solved", "sorted", "started", "stored", "studied", "supplied", "supported", "tested",
    "thanked", "took", "touched", "traced", "tracked", "traded", "trusted", "turned", "understood", "used",
    "valued", "visited", "waited for", "walked past", "wanted", "warned", "washed", "watched", "welcomed", "wrote about",
];

/// Adverbs of manner and time.
#[rustfmt::skip]
pub(super) const ADVERBS: &[&str] = &[
    "again", "alone", "already", "badly", "barely", "boldly", "briefly", "calmly", "carefully", "certainly",
    "clearly", "closely", "daily", "directly", "eagerly", "early", "easily", "equally", "eventually", "exactly",
    "finally", "firmly", "first", "forever", "formally", "frequently", "gently", "gladly", "gradually", "honestly",
    "immediately", "indeed", "instead", "lately", "later", "loudly", "mostly", "naturally", "nearly", "neatly",
    "often", "openly", "partly", "patiently", "perhaps", "politely", "possibly", "privately", "probably", "promptly",
    "proudly", "publicly", "quickly", "quietly", "rarely", "recently", "safely", "secretly", "seldom", "seriously",
    "sharply", "silently", "simply", "slowly", "softly", "soon", "steadily", "strangely", "suddenly", "swiftly",
    "today", "together", "tomorrow", "tonight", "twice", "usually", "warmly", "wisely", "yesterday",
];

/// Prepositions of place and time.
#[rustfmt::skip]
pub(super) const PREPOSITIONS: &[&str] = &[
    "about", "above", "across", "after", "against", "along", "among", "around", "before", "behind",
    "below", "beneath", "beside", "between", "beyond", "by", "during", "for", "from", "in",
    "inside", "into", "near", "on", "opposite", "outside", "over", "past", "through", "toward",
    "under", "until", "upon", "with", "within", "without",
];

/// Words that start a noun phrase.
#[rustfmt::skip]
pub(super) const DETERMINERS: &[&str] = &[
    "the", "the", "the", "every", "one", "this", "that", "another", "her", "his", "our", "their", "no", "any",
];

/// Given names.
#[rustfmt::skip]
pub(super) const NAMES: &[&str] = &[
    "Ada", "Alan", "Alice", "Amir", "Anna", "Anton", "Aria", "Ben", "Boris", "Carla",
    "Carlos", "Clara", "Daniel", "David", "Diana", "Elena", "Emil", "Emma", "Erik", "Eva",
    "Felix", "Fiona", "Frank", "George", "Grace", "Hanna", "Henry", "Hugo", "Ida", "Igor",
    "Irene", "Ivan", "Jack", "Jane", "Jonas", "Julia", "Karen", "Karl", "Kate", "Laura",
    "Leo", "Lena", "Linda", "Lucas", "Lucy", "Maria", "Mark", "Martin", "Max", "Maya",
    "Mira", "Nadia", "Nina", "Noah", "Nora", "Olga", "Oliver", "Omar", "Oscar", "Paul",
    "Peter", "Petra", "Rita", "Robert", "Rosa", "Ruth", "Sam", "Sara", "Simon", "Sofia",
    "Stefan", "Susan", "Theo", "Thomas", "Tina", "Vera", "Victor", "Viola", "Walter", "Yara",
];

/// Numbers in words and digits.
#[rustfmt::skip]
pub(super) const NUMBERS: &[&str] = &[
    "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "twenty", "thirty", "forty", "fifty", "sixty", "eighty", "ninety", "several", "many",
    "some", "few", "14", "16", "25", "36", "48", "64", "75", "100", "120", "250", "300", "500",
];

/// Words that join two clauses.
pub(super) const CONJUNCTIONS: &[&str] = &[
    "and", "but", "so", "while", "because", "although", "when", "before", "after", "until",
];
