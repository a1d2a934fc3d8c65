"""What a page of HTML really holds: elements, attributes and text, as a browser would build them."""
from html.parser import HTMLParser

VOID = {"meta", "br", "hr", "input"}


class Page(HTMLParser):
    """Complains about what is neither closed nor opened, and about whatever is not in `allowed`."""

    def __init__(self, text, allowed, attributes):
        super().__init__(convert_charrefs=True)
        self.allowed, self.attributes = allowed, attributes
        self.open, self.wrong, self.text, self.elements = [], [], [], []
        self.feed(text)
        self.close()
        if self.open:
            self.wrong.append("not closed: %s" % self.open)

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        if tag not in self.allowed:
            self.wrong.append("element %s" % tag)
        self.wrong += ["attribute %s of %s" % (name, tag) for name, _ in attrs if name not in self.attributes]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append("</%s> closes nothing" % tag)

    def handle_data(self, data):
        if not self.open or self.open[-1] != "style":
            self.text.append(data)

    def handle_comment(self, data):
        if data != " ":
            self.wrong.append("comment %r" % data)

    def shown(self):
        return " ".join("".join(self.text).split())
