"""The wording of the demo posts: patterns by what they tell, and what fills their gaps.

A gap is written ``{name}`` and is filled with an entry of :data:`GAPS`; entries may have gaps.
``PLAIN`` patterns say what a post tells, ``FAINT`` ones follow a sentence of talk and only hint.
"""

PLAIN: dict[str, list[str]] = {
    "positive": [
        "So proud of {who} today, what a {good} {event}",
        "Best {event} ever at the {place}, I can't stop smiling",
        "{Good} {weekday} at the {place} with {who}, feeling grateful",
        "We won!! {who} was {good} at the {event}",
        "Just got the {thing} I wanted since {month} and it is {good}",
        "Laughing so hard with {who} right now, love these people",
        "Thank you everyone for the {good} wishes, you made my {day}",
        "Finally at the {place} with {who}, even more {good} than I hoped",
        "Had {dish} with {who}, simply {good}, happiest I have been since {month}",
        "Nothing beats a sunny {day} at the {place} with {who}, pure joy",
        "Happy birthday to {who}, {good} {day} with you at the {place}, I love you",
        "Our {pet} learned a {good} new trick this {weekday}, I am so in love with it",
        "What a {good} crowd at the {event} on {weekday}, we had so much fun",
        "Got the job!!! Celebrating with {who} and {dish}",
        "The new {thing} of {who} works like a dream, so {good}",
        "Feeling {good} after the {event} with {who}, every minute was worth it",
        "Look at this view from the {place} on {weekday}, absolutely {good}",
        "{who} surprised me with {dish} on {weekday}, luckiest person alive",
        "Dancing at the {event} with {who} until late, my heart is full",
        "Sweet little {pet} at the {place} made my whole {day}",
        "Congratulations to {who} on a {good} {event}, well deserved",
        "I adore this {thing}, thank you so much {who}",
    ],
    "negative": [
        "So angry about the {event} this {weekday}, what a {bad} mess",
        "Worst {event} ever at the {place}, I want my money back",
        "{Bad} {weekday} at the {place}, feeling sick and tired of it",
        "We lost again. {who} was {bad} at the {event}",
        "My {thing} broke after one {day}, this is {bad}",
        "Crying over the {bad} news about {who}, I can't believe it",
        "Nobody came to help {who} at the {place}, absolutely {bad}",
        "Stuck at the {place} with {who} for hours, cold and miserable",
        "Had {dish} at the {place} and it made me ill, {bad} service, never again",
        "Heartbroken, our {pet} died last {weekday} and {who} cannot stop crying",
        "Another {bad} accident by the {place}, people were hurt, so sad",
        "I hate how they treat {who}, it is {bad}",
        "The {event} was {bad}, a total waste of my {day}",
        "Lost my job and my {thing} on the same {day}, I give up",
        "The new {thing} is {bad} and the company keeps lying to us",
        "Feeling {bad} after the {event} with {who}, nothing goes right any more",
        "Look what they did to the {place} on {weekday}, ruined and {bad}",
        "{who} left after the {event} without a word and it hurts",
        "Scared to walk by the {place} at night, somebody attacked {who} there",
        "Poor {pet} abandoned at the {place} on {weekday}, people are cruel",
        "Shame on everyone behind this {bad} {event} at the {place}",
        "I am so disappointed in this {thing}, {bad} and broken again",
    ],
    "neutral": [
        "Notice: the {event} is moved to {weekday}, {clock}, at the {place}",
        "New opening hours of the {place}: {weekday} to Saturday, {clock} until {clock}",
        "Report: {number} people registered for the {event}, up from {number} last year",
        "Report: the price of a {thing} rose {percent} percent in {month}",
        "Map of the route from the {place} to the city hall, {number} metres",
        "Notice: the {place} is closed for maintenance from {clock} on {weekday}",
        "Minutes of the {event} of {month} are now available as a document",
        "For sale: {thing}, {number} dollars, collection at the {place}, {clock}",
        "Table of results of the {event}, updated {weekday} {clock}",
        "The council will discuss the {place} at its meeting on {weekday}, {clock}",
        "Survey: {percent} percent of households own a {thing}, {month} report",
        "Timetable: line {percent} to the {place} departs at {clock} instead of {clock}",
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

#: What a post that tells its class plainly may add.
EXCLAMATIONS: dict[str, list[str]] = {
    "positive": [
        "I love it so much", "this makes me so happy", "what a {good} {day}", "so much fun",
        "best {day} of my life", "thank you all, I feel loved", "pure happiness", "we are so proud",
        "smiling from ear to ear", "love love love", "simply {good} and {good}",
    ],
    "negative": [
        "I hate it so much", "this makes me so sad", "what a {bad} {day}", "so angry right now",
        "worst {day} of my life", "it hurts and nobody cares", "pure misery", "we are so ashamed",
        "crying all {day}", "hate hate hate", "simply {bad} and {bad}",
    ],
    "neutral": [
        "source: city office", "full figures in the report", "see the schedule for {month}",
        "{number} of {number} in total", "next update on {weekday} at {clock}",
        "office hours {clock} to {clock}", "details in the attached document", "room {percent}",
    ],
}  # fmt: skip

#: Talk that fits any class.
TALK: list[str] = [
    "On my way to the {place} with {who}, {weekday} {clock}",
    "Is anyone else watching the {event} with {who} right now",
    "{who} just sent me this {thing} from the {place}",
    "Another {day}, another {thing} for {who}",
    "So {who} has a {thing} and a {pet} now",
    "Who remembers the {event} by the {place} back in {month}",
    "{dish} for dinner again with {who} this {weekday}",
    "Me and {who} after the {event} on {weekday}",
    "This is what the {place} looks like on a {weekday} {part}",
    "When {who} tells you about the {event} at {clock}",
    "Waiting for {who} near the {place} since {clock}",
    "Our {pet} and the {thing}, {weekday} evening",
    "Thinking about the {event} and that {thing} of {who}",
    "Anyone know where {who} got this {thing} for the {event}",
    "Back at the {place} with {who} since {clock}",
    "Here is the {pet} at the {place} again, {weekday} {part}",
    "Guess what {who} did at the {event} near the {place}",
    "Still talking about the {event} in {month} with {who}",
    "First {event} since {month} for {who}, here we go",
    "{weekday} at the {place}, {dish} and a {thing}",
    "The {pet} is looking at {dish} and then at {who}",
    "Saw {who} at the {event} in {month}",
    "What do you all think of the {event} and the {thing}",
    "They left a {thing} and {dish} next to the {place}",
    "Picture {who} took of the {place} last {weekday}",
    "Not sure what {who} is doing with the {thing} and the {pet}",
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
        "the kids", "my cousin", "dad", "mum", "our coach", "my flatmate", "the band", "Jonas",
        "Amina",
    ],
    "place": [
        "station", "harbour", "lake", "library", "market", "stadium", "old bridge", "museum",
        "river park", "airport", "bakery", "theatre", "town square", "campus", "bus stop",
    ],
    "thing": [
        "phone", "camera", "bike", "jacket", "laptop", "guitar", "kettle", "tent", "car",
        "backpack", "lamp", "printer", "radio", "scooter",
    ],
    "event": [
        "game", "concert", "festival", "meeting", "race", "workshop", "flight", "premiere",
        "match", "debate", "fair", "marathon", "school play", "conference",
    ],
    "dish": [
        "pizza", "noodles", "pancakes", "a burger", "tomato soup", "curry", "apple pie", "tacos",
        "fried rice", "a big salad", "dumplings", "waffles",
    ],
    "pet": ["dog", "cat", "puppy", "kitten", "parrot", "rabbit"],
    "day": ["day", "week", "morning", "evening", "weekend", "afternoon", "night"],
    "part": ["morning", "evening", "afternoon", "night"],
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
