"""Texts of the demo posts, composed by a small grammar."""

import random
import re
import string

from mmsent.demo.plan import ANY, Content, Post

#: Below this strength a text only hints at its class.
HINT_BELOW = 0.2

#: Above this strength a text shows its class twice.
TWICE_ABOVE = 0.5

#: Sentences by mood; a name in braces is a slot for one of the words of that name.
SENTENCES = {
    "any": [
        "On my way to the {place} with {who}",
        "{who} just sent me this {thing} from the {place}",
        "So {who} got a {thing} and a {pet} now",
        "Who remembers the {event} by the {place}",
        "{dish} for dinner again with {who}",
        "Me and {who} after the {event}",
        "This is what the {place} looks like before the {event}",
        "Waiting for {who} and the {pet} near the {place}",
        "Anyone know where {who} got this {thing}",
        "Guess what {who} did at the {event} with a {thing}",
        "Still talking about the {event} and {dish} with {who}",
        "They left a {thing} and {dish} next to the {place}",
    ],
    "positive": [
        "So proud of {who}, what a {good} {event}",
        "Best {event} ever at the {place}, I can't stop smiling",
        "We won!! What a {good} {event} for {who}",
        "Laughing so hard with {who} at the {place}, love these people",
        "Thank you {who} for the {good} {thing}, you made my day",
        "Had {dish} with {who}, simply {good}, so happy",
        "Happy birthday to {who}, I love you and this {good} {event}",
        "Our {pet} learned a {good} new trick at the {place}, I am so in love",
        "Nothing beats a sunny {part} at the {place} with {who}, pure joy",
        "Got the job!!! Celebrating with {who} and {dish}",
        "Dancing at the {event} with {who}, my heart is full",
        "The new {thing} of {who} works like a dream, so {good}",
        "Sweet little {pet} at the {place}, absolutely {good}",
        "Congratulations to {who} on a {good} {event}, well deserved",
    ],
    "negative": [
        "So angry about {who} and the {event}, what a {bad} mess",
        "Worst {event} ever at the {place}, I want my money back",
        "We lost again, what a {bad} {event} for {who}",
        "My {thing} broke after one {part} at the {place}, this is {bad}",
        "Crying over the {bad} news about {who}",
        "Stuck at the {place} with {who} for hours, cold and miserable",
        "Had {dish} at the {place} and it made me ill, {bad} service",
        "Heartbroken, our {pet} died and {who} cannot stop crying",
        "Another {bad} accident by the {place}, {who} got hurt, so sad",
        "I hate how they treat {who} at the {event}, it is {bad}",
        "Lost my job and my {thing} at the {place}, I give up",
        "The {thing} is {bad} and broken again, never trust the {place}",
        "Somebody attacked {who} by the {place}, so scared",
        "Poor {pet} abandoned at the {place}, people are {bad}",
    ],
    "neutral": [
        "Notice: the {event} at the {place} is moved to {clock}",
        "New opening hours of the {place}: {clock} until {clock}",
        "Report: {number} people registered for the {event}, {number} last year",
        "Report: the price of a {thing} rose {number} percent in {month}",
        "Map of the route from the {place} to the {event}, {number} metres",
        "Minutes of the {event} of {month} {number} are available as a document",
        "For sale: {thing}, {number} dollars, collection at the {place}",
        "Table of results of the {event}, updated {clock}, {number} entries",
        "Timetable: line {number} to the {place} departs at {clock}",
        "Data sheet for the {thing}: {number} grams, {number} watts",
        "The {place} published its figures for {month}: {number} visitors",
        "Survey of {month}: {number} of {number} households own a {thing}",
    ],
}  # fmt: skip

#: What else a text may say, separated by commas; some contain other slots.
_LISTS = {
    "positive hint": "nice actually, worth it, good times, not bad at all, thanks {who}, "
    "looking forward to it, sounds fun, can't wait",
    "negative hint": "annoying actually, not worth it, hard times, not good at all, ugh, "
    "dreading it, sounds bad, so tired of this",
    "neutral hint": "details at {clock}, see the table for {month}, {number} in total, "
    "no change since {month}, official notice, room {number}",
    "positive exclamation": "I love it so much, this makes me so happy, what a {good} day, "
    "best {part} of my life, pure happiness, simply {good} and {good}",
    "negative exclamation": "I hate it so much, this makes me so sad, what a {bad} day, "
    "worst {part} of my life, pure misery, simply {bad} and {bad}",
    "neutral exclamation": "source: city office, full figures in the report, "
    "next update at {clock}, see the schedule for {month}, {number} of {number} in total",
    "positive hashtag": "#blessed, #happy, #winning, #love, #goodvibes, #sunshine",
    "negative hashtag": "#fail, #sad, #angry, #ruined, #heartbroken, #enough",
    "neutral hashtag": "#news, #update, #info, #data, #schedule, #notice",
    "any hashtag": "#travel, #photo, #friends, #city, #food, #pets, #tbt, #weekend, #music",
    "positive emoji": "😊, 🎉, ❤️, 😍, 👏, 😂",
    "negative emoji": "😢, 😡, 💔, 😞, 👎, 😭",
    "neutral emoji": "📊, 📄, 📌, 🗓️",
    "any emoji": "📷, 👀, 🤔, 🏠, 🎵, 🚲",
    "detail": "on {weekday} {part}, this {weekday}, last {weekday}, last {weekday} {part}",
    "filler": "honestly, just saying, lol, by the way, as usual, you know, it seems",
    "good": "amazing, wonderful, great, fantastic, lovely, brilliant, awesome, perfect, "
    "beautiful, delightful, excellent",
    "bad": "terrible, awful, horrible, disgusting, dreadful, pathetic, rotten, shocking, "
    "ugly, useless, tragic",
    "who": "my sister, my brother, grandma, the team, the neighbours, my old teacher, "
    "the kids, my cousin, dad, mum, our coach, my flatmate, the band, Jonas, Amina",
    "place": "station, harbour, lake, library, market, stadium, old bridge, museum, "
    "river park, airport, bakery, theatre, town square, campus, bus stop",
    "thing": "phone, camera, bike, jacket, laptop, guitar, kettle, tent, car, backpack, "
    "lamp, printer, radio, scooter",
    "event": "game, concert, festival, meeting, race, workshop, flight, premiere, match, "
    "debate, fair, marathon, school play, conference",
    "dish": "pizza, noodles, pancakes, a burger, tomato soup, curry, apple pie, tacos, "
    "fried rice, a big salad, dumplings, waffles",
    "pet": "dog, cat, puppy, kitten, parrot, rabbit",
    "part": "morning, evening, afternoon, night",
    "weekday": "Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday",
    "month": "January, February, March, April, May, June, July, August, September, "
    "October, November, December",
    # Chinese words in GB18030 posts; the real posts come from everywhere.
    "chinese": "你好, 图片, 分享, 今天, 微博, 朋友, 照片, 转发",
    "name": "lenka, tomasz, rio, misha, kofi, yuki, pablo, greta, omar, nadia, citydesk, "
    "dailypost, foxtrot, bluebird, harbor, pixel",
}
_GRAMMAR = SENTENCES | {name: words.split(", ") for name, words in _LISTS.items()}
_GRAMMAR["number"] = [str(number) for number in range(11, 980)]
_GRAMMAR["clock"] = [f"{hour}:{minute:02}" for hour in range(7, 22) for minute in (0, 15, 30, 45)]

_SLOT = re.compile(r"\{([\w ]+)\}")
#: "a" in place of "an"; "a useless" is right.
_BEFORE_VOWEL = re.compile(r"\b([Aa])(?= (?!us)[aeiou])")
_LINK_CHARACTERS = string.ascii_letters + string.digits


def compose_text(post: Post) -> str:
    """Return the text of a post.

    Posts with the same text content differ only in retweet mark, mentions, URLs and white space.
    """
    draw = random.Random(f"{post.seed}:text")
    body = "" if post.empty else compose_body(post.text)
    if post.mojibake:
        # Curly quotes are damaged most often: UTF-8 that was read as Windows-1252.
        body = f"{body}, don’t you think".encode().decode("cp1252", errors="ignore")
    if post.encoding == "gb18030":
        # Without emoji, which devices with this encoding lack, and with marks that are not UTF-8.
        body = "".join(character for character in body if ord(character) < 0x2190).rstrip(" .!")
        body = draw.choice([f"{body}…", f"“{body}”", _filled(f"{body} {{chinese}}…", draw)])
    parts = ["RT @{name}:"] if post.reposted else []
    parts += ["@{name}"] if draw.random() < 0.25 else []
    parts = [_filled(part, draw) for part in parts]
    parts += [body] if body else []
    for probability in (0.3, 0.1):
        if draw.random() < probability or not parts:
            parts.append("http://t.co/" + "".join(draw.choices(_LINK_CHARACTERS, k=10)))
    text = " ".join(parts)
    return text.replace(" ", "  ", 3) if post.spacing == "  " else text + post.spacing


def encode_text(post: Post) -> bytes:
    """Return the text of a post in its encoding."""
    return compose_text(post).encode(post.encoding)


def compose_body(content: Content) -> str:
    """Return a text without retweet mark, mentions and URLs."""
    draw, mood = random.Random(content.seed), content.mood
    if mood == ANY:
        parts = draw.choice([["{any}"], ["{any}"], ["{any}"], ["{any}", "{any}"]])
    elif content.strength < HINT_BELOW:
        parts = ["{any}", f"{{{mood} hint}}"]
    elif content.strength < TWICE_ABOVE:
        parts = [f"{{{mood}}}"]
    else:
        parts = [f"{{{mood}}}", f"{{{mood} exclamation}}"]
    if draw.random() < 0.6:
        parts[0] += " {detail}"
    if draw.random() < 0.25:
        parts[-1] += " {filler}"
    sentences = [_filled(part, draw) for part in parts]
    body = draw.choice([". ", " - ", "! ", "... "]).join(
        sentence[0].upper() + sentence[1:] for sentence in sentences
    ) + draw.choice(["", "", ".", "!", "..."])
    if draw.random() < 0.15:
        body = body.lower()
    # Hints stay without hashtags and emoji of their class, which would make them strong.
    moods = [ANY, mood if content.strength > TWICE_ABOVE else ANY]
    for probability, kind in ((0.35, "hashtag"), (0.2, "hashtag"), (0.25, "emoji")):
        if draw.random() < probability:
            body += _filled(f" {{{draw.choice(moods)} {kind}}}", draw)
    return body.replace("can't", "can’t") if draw.random() < 0.5 else body


def _filled(pattern: str, draw: random.Random) -> str:
    """Return ``pattern`` with its slots filled."""
    while slot := _SLOT.search(pattern):
        word = draw.choice(_GRAMMAR[slot[1]])
        pattern = pattern[: slot.start()] + word + pattern[slot.end() :]
    return _BEFORE_VOWEL.sub(r"\1n", pattern)
