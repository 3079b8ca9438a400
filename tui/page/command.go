package page

// Act asks the page of Noun to do what the command line's Verb does to the thing with ID: select it and open its dialog. Text is the
// verb's free text, where it has one.
type Act struct{ Noun, Verb, ID, Text string }

// Subject is a page whose keys act on one thing at a time.
type Subject interface {
	// Subject names the thing that the page's keys act on now; "" where there is none.
	Subject() string
}
