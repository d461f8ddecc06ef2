"""The wording of the demo posts: patterns by what they tell, and what fills their gaps.

A gap is written ``{name}`` and is filled with an entry of :data:`GAPS`; entries may have gaps.
``PLAIN`` patterns say what a post tells, ``FAINT`` ones follow a sentence of talk and only hint.
"""

PLAIN: dict[str, list[str]] = {
    "positive": [
        "So proud of {who} today, what a {good} {event}",
        "Best {event} ever, I can't stop smiling",
        "{Good} morning at the {place} with {who}, feeling grateful",
        "We won!! {who} was {good} at the {event}",
        "Just got the {thing} I wanted for years and it is {good}",
        "Laughing so hard with {who} right now, love these people",
        "Thank you everyone for the {good} wishes, you made my {day}",
        "Finally at the {place} and it is even more beautiful than I hoped",
        "This {dish} is {good}, happiest I have been all week",
        "Nothing beats a sunny {day} at the {place}, pure joy",
        "Happy birthday to {who}, you are {good} and I love you",
        "Our {pet} learned a new trick and I am so in love with this little one",
        "What a {good} crowd at the {event}, we had so much fun",
        "Got the job!!! Celebrating with {who} and {dish}",
        "The new {thing} works like a dream, well done to the team",
        "Feeling {good} after the {event}, every minute was worth it",
        "Look at this view from the {place}, absolutely {good}",
        "{who} surprised me with {dish}, luckiest person alive",
        "Dancing at the {event} until late, my heart is full",
        "Sweet little {pet} at the {place} made my whole {day}",
        "Congratulations to {who} on a {good} {event}, well deserved",
        "I adore this {thing}, thank you so much {who}",
    ],
    "negative": [
        "So angry about the {event}, what a {bad} mess",
        "Worst {event} ever, I want my money back",
        "{Bad} morning at the {place}, feeling sick and tired of it",
        "We lost again. {who} was {bad} at the {event}",
        "My {thing} broke after one {day}, this is {bad}",
        "Crying over the news about {who}, I can't believe it",
        "Nobody came to help us at the {place}, absolutely {bad}",
        "Stuck at the {place} for hours, cold and miserable",
        "This {dish} made me ill, {bad} service too, never again",
        "Heartbroken, our {pet} died last {day}",
        "Another accident by the {place}, people were badly hurt, so sad",
        "I hate how they treat {who}, it is {bad}",
        "The {event} was {bad}, a total waste of my {day}",
        "Lost my job and my {thing} on the same {day}, I give up",
        "The new {thing} is {bad} and the company keeps lying to us",
        "Feeling {bad} after the {event}, nothing goes right any more",
        "Look what they did to the {place}, ruined and filthy",
        "{who} left without a word and it hurts",
        "Scared to walk by the {place} at night, somebody was attacked there",
        "Poor {pet} abandoned at the {place}, people are cruel",
        "Shame on everyone behind this {bad} {event}",
        "I am so disappointed in this {thing}, broken again",
    ],
    "neutral": [
        "The {event} is moved to {weekday}, {clock}, at the {place}",
        "New opening hours of the {place}: {weekday} to Saturday, {clock} until {clock}",
        "{number} people registered for the {event}, up from {number} last year",
        "Report: the price of a {thing} rose {percent} percent in {month}",
        "Map of the route from the {place} to the city hall, {number} metres",
        "The {place} will be closed for maintenance from {clock} on {weekday}",
        "Minutes of the {event} of {month} are now available as a document",
        "For sale: {thing}, {number} dollars, collection at the {place}",
        "Table of results of the {event}, updated {weekday} {clock}",
        "The council will discuss the {place} at its meeting in {month}",
        "Survey: {percent} percent of households own a {thing}",
        "Line {percent} to the {place} now departs at {clock} instead of {clock}",
        "Registration for the {event} opens on {weekday} at {clock}",
        "Model {number} of the {thing} will ship in {month}, according to the maker",
        "Data sheet for the {thing}: {number} grams, {percent} watts",
        "Office notice: the {event} takes place in room {percent} on {weekday}",
        "The {place} published its figures for {month}: {number} visitors",
        "Schedule for {weekday}: {event} at {clock}, press briefing at {clock}",
    ],
}

FAINT: dict[str, list[str]] = {
    "positive": [
        "{soft} nice actually", "worth it", "{soft} happy about that", "good times",
        "not bad at all", "looking forward to it", "made me smile a bit", "thanks {who}",
        "sounds fun", "lovely", "{soft} pleased with how it went", "can't wait",
    ],
    "negative": [
        "{soft} annoying actually", "not worth it", "{soft} sad about that", "hard times",
        "not good at all", "dreading it", "made me sigh a bit", "no thanks to {who}",
        "sounds bad", "ugh", "{soft} upset with how it went", "so tired of this",
    ],
    "neutral": [
        "details at {clock}", "source: the {place}", "see the table for {month}",
        "{number} in total", "as of {weekday}", "according to the schedule",
        "no change since {month}", "official notice", "room {percent}, {clock}", "see document",
    ],
}  # fmt: skip

#: Talk that fits any class.
TALK: list[str] = [
    "On my way to the {place} with {who}",
    "Is anyone else watching the {event} right now",
    "{who} just sent me this from the {place}",
    "Another {day}, another {thing}",
    "So {who} has a {thing} now",
    "Who remembers the {place} back in {month}",
    "{dish} for dinner again",
    "Me and {who} after the {event}",
    "This is what the {place} looks like on a {weekday}",
    "When {who} tells you about the {event} at {clock}",
    "Waiting for {who} near the {place}",
    "Our {pet} and the {thing}, {weekday} evening",
    "Thinking about the {event} and that {thing}",
    "Anyone know where {who} got this {thing}",
    "Back at the {place} since {clock}",
    "Here is the {pet} at the {place} again",
    "Guess what {who} did at the {event}",
    "Still talking about the {event} with {who}",
    "First {event} since {month}, here we go",
    "{weekday} at the {place}, {dish} and a {thing}",
    "The {pet} is looking at my {dish}",
    "Saw {who} at the {event} in {month}",
    "What do you all think of the {event}",
    "They put a {thing} next to the {place}",
    "Picture I took of the {place} last {day}",
    "Not sure what {who} is doing with the {thing}",
]

GAPS: dict[str, list[str]] = {
    "soft": ["kind of", "a little", "sort of", "quite", "somewhat", "rather"],
    "good": [
        "amazing", "wonderful", "great", "fantastic", "lovely", "brilliant", "awesome",
        "perfect", "beautiful", "delightful", "incredible", "excellent",
    ],
    "bad": [
        "terrible", "awful", "horrible", "disgusting", "dreadful", "pathetic", "rotten",
        "shocking", "disgraceful", "ugly", "useless", "tragic",
    ],
    "who": [
        "my sister", "my brother", "grandma", "the team", "the neighbours", "my old teacher",
        "the kids", "my cousin", "the whole crew", "dad", "mum", "our coach", "the new guy",
        "my flatmate", "the band", "aunt Rosa", "Jonas", "Amina", "Mr Okafor", "our class",
    ],
    "place": [
        "station", "harbour", "lake", "library", "market", "stadium", "old bridge", "museum",
        "river park", "airport", "bakery", "theatre", "town square", "hospital", "campus",
        "lighthouse", "bus stop", "swimming pool", "corner shop", "railway yard", "zoo",
    ],
    "thing": [
        "phone", "camera", "bike", "jacket", "laptop", "guitar", "kettle", "tent", "car",
        "backpack", "lamp", "pair of boots", "printer", "radio", "watch", "drone", "sofa",
        "skateboard", "coffee machine", "scooter",
    ],
    "event": [
        "game", "concert", "festival", "meeting", "wedding", "election", "parade", "race",
        "exam", "workshop", "flight", "premiere", "match", "debate", "fair", "marathon",
        "school play", "conference", "road trip", "auction",
    ],
    "dish": [
        "pizza", "noodles", "pancakes", "a burger", "tomato soup", "curry", "apple pie", "tacos",
        "fried rice", "a big salad", "dumplings", "grilled fish", "waffles", "stew",
    ],
    "pet": ["dog", "cat", "puppy", "kitten", "parrot", "pony", "rabbit", "hamster", "goat"],
    "day": ["day", "week", "morning", "evening", "weekend", "afternoon", "night"],
    "weekday": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Sunday"],
    "month": [
        "January", "February", "March", "April", "May", "June", "July", "August", "September",
        "October", "November", "December",
    ],
}  # fmt: skip

HASHTAGS: dict[str, list[str]] = {
    "positive": ["#blessed", "#happy", "#winning", "#love", "#goodvibes", "#sunshine"],
    "negative": ["#fail", "#sad", "#angry", "#ruined", "#heartbroken", "#enough"],
    "neutral": ["#news", "#update", "#info", "#data", "#schedule", "#notice"],
    "any": [
        "#monday", "#travel", "#photo", "#friends", "#city", "#food", "#pets", "#tonight", "#tbt",
        "#weekend", "#home", "#sports", "#music",
    ],
}  # fmt: skip

EMOJI: dict[str, list[str]] = {
    "positive": ["😊", "🎉", "❤️", "😍", "🌞", "👏", "😂"],
    "negative": ["😢", "😡", "💔", "😞", "👎", "😭"],
    "neutral": ["📊", "📄", "📌", "🗓️"],
    "any": ["📷", "👀", "🤔", "🏠", "🎵", "🚲"],
}

FILLERS: list[str] = [
    "honestly", "just saying", "lol", "by the way", "as usual", "you know", "again", "for real",
    "it seems", "so yeah",
]  # fmt: skip

#: Chinese words that a post may hold beside the English ones, as posts from everywhere do.
CHINESE: list[str] = ["你好", "图片", "分享", "今天", "微博", "朋友", "照片", "转发"]

NAMES: list[str] = [
    "lenka", "tomasz", "rio", "misha", "kofi", "yuki", "pablo", "greta", "omar", "nadia",
    "citydesk", "dailypost", "foxtrot", "bluebird", "marlow", "juniper", "harbor", "pixel",
]  # fmt: skip
