"""Texts, names and places of invented accounts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Theme:
    """The subject of an account's posts."""

    username: str
    display_name: str
    bio: str
    subjects: tuple[str, ...]
    hashtags: tuple[str, ...]


THEMES = (
    Theme(
        "harbour_coffee",
        "Harbour Coffee",
        "Small-batch roastery by the water ☕ Open daily 7-17",
        ("cold brew", "flat white", "latte art", "our new Ethiopian beans", "the espresso dial-in", "oat milk foam",
         "a pour-over", "the Sunday roast", "cascara tea", "affogato"),
        ("coffee", "barista", "latteart", "coffeetok", "coldbrew", "smallbusiness", "roastery"),
    ),
    Theme(
        "knead.and.rise",
        "Knead & Rise Bakery",
        "Sourdough, buns and early mornings 🍞",
        ("sourdough", "cardamom buns", "the 4 am shift", "croissant lamination", "focaccia", "rye starter",
         "cinnamon knots", "a wedding cake", "burnt cheesecake", "seeded rolls"),
        ("baking", "sourdough", "breadtok", "bakery", "pastry", "homemade", "smallbusiness"),
    ),
    Theme(
        "northloop.cycles",
        "Northloop Cycles",
        "We fix bikes and ride them 🚲",
        ("a seized bottom bracket", "tubeless tyres", "the commuter build", "disc brake bleeding", "a 1987 steel frame",
         "gravel setup", "wheel truing", "winter riding", "a cargo bike", "chain waxing"),
        ("cycling", "bikerepair", "biketok", "gravel", "commute", "bikeshop", "workshop"),
    ),
    Theme(
        "mossandfern",
        "Moss & Fern",
        "Plants for people who forget to water them 🌿",
        ("a dying monstera", "repotting day", "moss poles", "fungus gnats", "propagation in water",
         "north-facing rooms", "a closed terrarium", "pothos cuttings", "leaf shine myths", "our greenhouse"),
        ("plants", "planttok", "houseplants", "monstera", "gardening", "greenthumb", "plantcare"),
    ),
    Theme(
        "trailside.lena",
        "Lena | Trailside",
        "",
        ("trail shoes", "a sunrise summit", "packing light", "the ridge loop", "camp breakfast", "rain gear",
         "a 30 km day", "river crossings", "blister care", "the hut route"),
        ("hiking", "trailrunning", "outdoors", "mountains", "hiketok", "camping", "wanderlust"),
    ),
    Theme(
        "glowlab.studio",
        "Glow Lab Studio",
        "Skincare without the fairy tales ✨",
        ("retinol basics", "SPF reapplication", "barrier repair", "a five-minute routine", "niacinamide", "slugging",
         "fragrance-free picks", "hyperpigmentation", "cleansing balms", "patch testing"),
        ("skincare", "beautytok", "spf", "glowup", "routine", "skincaretips", "dermatology"),
    ),
)  # fmt: skip

CAPTIONS = (
    "{Subject} in 30 seconds",
    "POV: you ordered {subject} and it actually worked out",
    "3 things nobody tells you about {subject}",
    "Replying to everyone asking about {subject}",
    "{Subject}, but make it easy",
    "We tried {subject} so you don't have to",
    "Behind the scenes: {subject}",
    "Rating {subject} honestly",
    "Day {number} of getting better at {subject}",
    "Unpopular opinion about {subject} 👀",
    "How we do {subject} on a busy Saturday",
    "The mistake everyone makes with {subject}",
    "Wait for the end… {subject}",
    "Sound on for {subject} 🔊",
)

COMMENTS = (
    "Which one is it exactly?", "I need this in my life", "okay but why is this so satisfying", "Saved for later!",
    "Do you ship abroad?", "first", "The ending 😂", "Can you do a longer version?", "This is so well explained",
    "Tried it yesterday, worked on the second go", "not me watching this at 2am", "How much is it?", "Love this ❤️",
    "Where are you based?", "My sister would love this", "What song is this?", "Underrated account", "Part 2 please!!",
    "I was today years old", "Came here from the other video", "Mine never looks like that 😭", "10/10",
    "Is it open on Sundays?", "Tutorial when?", "You make it look easy", "👏👏👏", "No way", "Finally someone said it",
)  # fmt: skip

SPAM = ("check my page", "free followers >> bio", "who wants to earn from home", "link in my profile 🔥")

OWNER_REPLIES = (
    "Thank you! 🙏", "Yes, every day but Monday", "Part 2 is coming this week", "We do, link is in our bio",
    "Great question, we'll make a video about it", "House blend, always", "😂😂", "Glad it worked for you!",
)  # fmt: skip

VISITOR_REPLIES = ("same here", "agreed", "it's in the caption", "Wondering the same", "lol true", "thanks!", "me too",
                   "they answered this above", "so real")  # fmt: skip

FIRST_NAMES = ("mia", "noah", "lena", "oliver", "aisha", "jonas", "chloe", "mateo", "yuki", "sam", "ines", "theo",
               "nora", "liam", "zoe", "emre", "freya", "hugo", "priya", "max")  # fmt: skip
NAME_TAILS = ("_x", ".daily", "loves", "_88", "official", ".jpg", "and.co", "_irl", "runs", "eats", "_uk", "2003", "xo",
              ".films", "_reads")  # fmt: skip

HOMES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("GB", ("London", "Manchester", "Bristol", "Leeds", "Glasgow")),
    ("US", ("New York", "Los Angeles", "Chicago", "Austin", "Cincinnati")),
    ("DE", ("Berlin", "Hamburg", "Munich", "Cologne", "Leipzig")),
    ("IE", ("Dublin", "Cork", "Galway")),
    ("FR", ("Paris", "Lyon", "Lille")),
    ("NL", ("Amsterdam", "Rotterdam", "Utrecht")),
    ("ES", ("Madrid", "Barcelona", "Valencia")),
    ("CA", ("Toronto", "Vancouver", "Montreal")),
    ("AU", ("Sydney", "Melbourne", "Perth")),
    ("SE", ("Stockholm", "Gothenburg")),
    ("IN", ("Mumbai", "Delhi")),
    ("BR", ("São Paulo", "Rio de Janeiro")),
)

IMPRESSION_SOURCES = (
    ("For You", 0.72),
    ("Follow", 0.11),
    ("Personal Profile", 0.07),
    ("Search", 0.06),
    ("Sound", 0.02),
    ("Others", 0.01),
    ("Direct Message", 0.004),
)
